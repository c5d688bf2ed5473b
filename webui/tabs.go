package webui

import "strings"

// section is a tab and the pages behind it; the tab itself leads to the first.
type section struct {
	Word  string // of the tab
	Path  string // of the tab
	Pages []place
}

// place is where a page stands, and what one must be allowed to open it: its forms are at its path too.
type place struct {
	Path, Word string
	Needs      Scope
}

// sections are where the pages stand, in the order of the tabs.
var sections = []section{
	{"nav.phone", "/", []place{
		{"/", "nav.panel", Read},
		{"/calls", "nav.calls", Read},
		{featuresPage.path, featuresPage.word, Admin},
	}},
	{"nav.line", "/line", []place{
		{"/line/sip", "nav.sip", Read},
		{basicPage.path, basicPage.word, Admin},
	}},
	{"nav.trace", "/trace", []place{
		{"/trace", "nav.messages", Read},
		{"/timeline", "nav.timeline", Read},
		{"/events", "nav.events", Read},
	}},
	{"nav.system", "/system", []place{
		{"/system/information", "nav.information", Read},
		{"/system/accounts", "nav.accounts", Read},
		{"/system/tokens", "nav.tokens", Admin},
		{"/system/configuration", "nav.configuration", Admin},
		{boardPath, "nav.board", Read},
		{"/system/action-urls", "nav.actions", Admin},
		{"/system/remote-control", "nav.remote", Admin},
		{auditPath, "nav.audit", Admin},
	}},
	{"lab", "/lab", []place{
		{"/lab", "lab.title", Read},
	}},
}

// neededAt returns what one must be allowed to open the page at path, or to send its form there or below.
func neededAt(path string) Scope {
	for _, s := range sections {
		for _, p := range s.Pages {
			if p.Path == path || strings.HasPrefix(path, p.Path+"/") {
				return p.Needs
			}
		}
	}
	return Read // the rest belongs to a page that everybody may open
}

// tab is a link in a row of tabs.
type tab struct {
	Path, Text string
	Current    bool
}

// tabsAt returns the tabs, and the sub-tabs of the section that the page at path stands in: the first, where it stands in none.
// Pages that the visitor may not open are not among them.
func tabsAt(path string, who Visitor, l language) (tabs, subTabs []tab) {
	current := 0
	for i, s := range sections {
		for _, p := range s.Pages {
			if p.Path == path {
				current = i
			}
		}
	}
	for i, s := range sections {
		tabs = append(tabs, tab{s.Path, l.say(s.Word), i == current})
	}
	for _, p := range sections[current].Pages {
		if who.May(p.Needs) {
			subTabs = append(subTabs, tab{p.Path, l.say(p.Word), p.Path == path})
		}
	}
	return tabs, subTabs
}
