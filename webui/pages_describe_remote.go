package webui

import (
	"cmp"

	"hilphone/db/device"
)

// remote is the word for what the events of remoteWords say, and whatever else stands for itself.
func (d eventWordsOf) remote(name string) string {
	switch l := d.lang; name {
	case "remote":
		return named(d.text(name), d.text("remote_name"))
	case "onoff":
		return l.word(name, d.text("on"))
	case "by":
		return l.word(name, d.text(name))
	case "action":
		if a, ok := device.ActionNamed(d.text("event")); ok {
			return a.Label.In(l.tag)
		}
		return d.text("event")
	case "outcome":
		return cmp.Or(d.text("error"), d.text("status"))
	case "transfer":
		return l.word(name, d.text("state"))
	case "number":
		return d.text("to")
	case "code":
		if d.number(name) == 0 && d.data["type"] == nil {
			return "" // nothing was received; an ICMP code may be 0
		}
	}
	return d.text(name)
}
