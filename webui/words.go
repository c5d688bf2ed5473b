package webui

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hilphone/sip/line"
)

// A language is what a reader of the pages reads: one of theirs, by its BCP 47 tag, and times in a time zone.
type language struct {
	tag  string
	zone *time.Location // nil: the computer's
}

var (
	english  = language{tag: "en"}
	japanese = language{tag: "ja"}
	chinese  = language{tag: "zh"}
)

// String is the tag.
func (l language) String() string { return l.tag }

// at is an instant as the reader's clock shows it.
func (l language) at(t time.Time) time.Time {
	if l.zone == nil {
		return t.Local()
	}
	return t.In(l.zone)
}

// languages are the pages' languages in the order of the menu, each with its own name for itself.
var languages = []struct {
	Tag  language
	Name string
}{{english, "English"}, {japanese, "日本語"}, {chinese, "中文"}}

// languageCookie keeps the choice made in the menu.
const languageCookie = "lang"

// words holds every text of the pages that is not a setting's own: those stand in line.Table.
var words = func() map[string]line.Label {
	all := maps.Clone(frameWords)
	for _, more := range []map[string]line.Label{
		panelWords,
		displayWords,
		formWords,
		planWords,
		traceWords,
		eventWords,
		errorWords,
		systemWords,
		boardWords,
		configurationWords,
		liveWords,
		accessWords,
		auditWords,
		remoteWords,
		labPhoneWords,
		registrationWords, faultWords,
	} {
		maps.Copy(all, more)
	}
	return all
}()

// say returns the text of a key, with args put in as fmt does. A key without a text is a fault of the program; it shows itself.
func (l language) say(key string, args ...any) string {
	label, ok := words[key]
	if !ok {
		return key
	}
	text := label.In(l.tag)
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// word returns the text of group.name, or the bare name where the group does not know it: what a newer part of the phone
// reports is shown in its own words rather than hidden.
func (l language) word(group, name string) string {
	if name == "" {
		return ""
	}
	if label, ok := words[group+"."+name]; ok {
		return label.In(l.tag)
	}
	return name
}

// languageOf returns the language of the answer to a request: the menu's choice in the address or the cookie, else the best of
// Accept-Language (RFC 9110 12.5.4), else English.
func languageOf(r *http.Request) language {
	l := chosenLanguage(r)
	l.zone, _ = r.Context().Value(zoneKey{}).(*time.Location)
	return l
}

func chosenLanguage(r *http.Request) language {
	if l, ok := knownLanguage(r.URL.Query().Get("lang")); ok {
		return l
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		if l, ok := knownLanguage(c.Value); ok {
			return l
		}
	}
	return preferred(r.Header.Get("Accept-Language"))
}

func preferred(accept string) language {
	best, weight := english, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		tag, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				continue
			}
			q = n
		}
		if l, ok := knownLanguage(strings.TrimSpace(tag)); ok && q > weight {
			best, weight = l, q
		}
	}
	return best
}

func knownLanguage(tag string) (language, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for _, l := range languages {
		if l.Tag.tag == primary {
			return l.Tag, true
		}
	}
	return language{}, false
}

// seconds writes a length of time as the pages do: whole seconds as they are, others with all
// three digits of the milliseconds, less than one in milliseconds; what takes no time as less than
// a millisecond.
func (l language) seconds(d time.Duration) string {
	if d < 100*time.Microsecond {
		return l.say("unit.short")
	}
	if d%time.Second == 0 {
		return l.say("unit.whole", int(d/time.Second))
	}
	if d < time.Second {
		return l.say("unit.milliseconds", d.Seconds()*1000)
	}
	return l.say("unit.seconds", d.Seconds())
}

// countdown writes a length of time as minutes and seconds, with hours where there are any.
func countdown(d time.Duration) string {
	s := int(max(d, 0).Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}
