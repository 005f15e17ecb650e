package part

// Tab is a sub-page of a menu item.
type Tab struct{ Text, Path string }

// tabs are the sub-pages of each menu item that has several, by the path of the item. The item's own page is the first.
var tabs = map[string][]Tab{
	"/regions":     {{"Regions", "/regions"}, {"Routing", "/routing"}},
	"/cold-starts": {{"Measured", "/cold-starts"}, {"Model", "/cold-starts/model"}},
	"/cache":       {{"Outcomes", "/cache"}, {"Advice", "/cache/advice"}},
	"/wasm":        {{"Measured", "/wasm"}, {"What it saves", "/wasm/porting"}},
}

// Tabs are the links between the sub-pages of the page's menu item, with the page's range and filters; none where the
// item has one page, and on pages that are no sub-page, such as that of one region.
func (p *Page) Tabs() []Link { return p.links(tabs[p.Nav]) }

func (p *Page) links(tabs []Tab) []Link {
	out := make([]Link, len(tabs))
	here := false
	for i, t := range tabs {
		out[i] = Link{Text: t.Text, Href: p.To(t.Path), Current: p.URL.Path == t.Path}
		here = here || out[i].Current
	}
	if !here {
		return nil
	}
	return out
}
