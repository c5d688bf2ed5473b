package webui

// section is a tab and the pages behind it; the tab itself leads to the first.
type section struct {
	Word  string // of the tab
	Path  string // of the tab
	Pages []place
}

type place struct{ Path, Word string }

// sections are where the pages stand, in the order of the tabs.
var sections = []section{
	{"nav.phone", "/", []place{
		{"/", "nav.panel"},
	}},
	{"nav.line", "/line", []place{
		{"/line/sip", "nav.sip"},
	}},
	{"nav.trace", "/trace", []place{
		{"/trace", "nav.messages"},
		{"/events", "nav.events"},
	}},
}

// tab is a link in a row of tabs.
type tab struct {
	Path, Text string
	Current    bool
}

// tabsAt returns the tabs, and the sub-tabs of the section that the page at path stands in: the first, where it stands in none.
func tabsAt(path string, l language) (tabs, subTabs []tab) {
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
		subTabs = append(subTabs, tab{p.Path, l.say(p.Word), p.Path == path})
	}
	return tabs, subTabs
}
