package webui

import (
	"errors"
	"strings"
)

// ReadFile takes every file but those that are called bad. What it has is what fileText says.
func (h *house) ReadFile(name string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.Contains(name, "bad") {
		return false, errors.New(name + ": is a device, not a regular file")
	}
	h.readFiles = append(h.readFiles, name)
	changed := h.heldFiles[name] != h.fileText
	if h.heldFiles == nil {
		h.heldFiles = map[string]string{}
	}
	h.heldFiles[name] = h.fileText
	return changed, nil
}

func (h *house) DropFiles() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropped++
}

// houseFiles is what the house knows of files.
type houseFiles struct {
	readFiles []string
	heldFiles map[string]string
	fileText  string
	dropped   int
}
