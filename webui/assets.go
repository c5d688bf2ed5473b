package webui

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"

	"github.com/labstack/echo/v4"
)

type asset struct {
	kind string
	body []byte
	sum  string // in the address: a browser keeps the file until it changes
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

var imported = regexp.MustCompile(`"\./(\w+\.js)"`)

// load adds a file, after those that it imports: it names them by the address that pages have for them, since a module with two addresses
// runs twice, and keys that go by one could overtake the hook that went by the other.
func (p *pageSet) load(name string) error {
	if _, ok := p.assets[name]; ok {
		return nil
	}
	body, err := embedded.ReadFile("static/" + name)
	if err != nil {
		return err
	}
	var failure error
	body = imported.ReplaceAllFunc(body, func(quoted []byte) []byte {
		name := string(imported.FindSubmatch(quoted)[1])
		failure = errors.Join(failure, p.load(name))
		address, err := p.address(name)
		failure = errors.Join(failure, err)
		return strconv.AppendQuote(nil, address)
	})
	if failure != nil {
		return fmt.Errorf("what %s imports: %w", name, failure)
	}
	sum := sha256.Sum256(body)
	p.assets[name] = asset{assetKinds[path.Ext(name)], body, hex.EncodeToString(sum[:6])}
	return nil
}

func (p *pageSet) address(name string) (string, error) {
	a, ok := p.assets[name]
	if !ok {
		return "", fmt.Errorf("no file is called %s", name)
	}
	return "/static/" + name + "?v=" + a.sum, nil
}

func (p *pageSet) serve(c echo.Context) error {
	a, ok := p.assets[c.Param("file")]
	if !ok {
		return echo.ErrNotFound
	}
	keep := "no-cache"
	if c.QueryParam("v") == a.sum {
		keep = "public, max-age=31536000, immutable"
	}
	c.Response().Header().Set(echo.HeaderCacheControl, keep)
	c.Response().Header().Set("ETag", `"`+a.sum+`"`)
	return c.Blob(http.StatusOK, a.kind, a.body)
}
