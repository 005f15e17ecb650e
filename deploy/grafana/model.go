package main

import "strings"

// schemaVersion is that of Grafana 11.0. Later ones migrate it when they load it; earlier ones can't read a later one.
const schemaVersion = 39

// The data sources that provisioning/datasources makes, by what they are for.
const (
	metricsUID = "edgescope-metrics"
	logsUID    = "edgescope-logs"
	tracesUID  = "edgescope-traces"

	metricsType = "prometheus"
	logsType    = "victoriametrics-logs-datasource"
	tracesType  = "jaeger"
)

// dashboard is a dashboard in Grafana's JSON model, as far as ours use it.
type dashboard struct {
	Annotations   annotations `json:"annotations"`
	Description   string      `json:"description"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"` // 1: the crosshair is on all panels
	Links         []dashLink  `json:"links"`
	Panels        []*panel    `json:"panels"`
	Refresh       string      `json:"refresh"`
	SchemaVersion int         `json:"schemaVersion"`
	Tags          []string    `json:"tags"`
	Templating    templating  `json:"templating"`
	Time          timeRange   `json:"time"`
	Timezone      string      `json:"timezone"`
	Title         string      `json:"title"`
	UID           string      `json:"uid"`

	row grid // where the next panel goes
}

// file is the name of the dashboard's file.
func (d *dashboard) file() string { return strings.TrimPrefix(d.UID, "edgescope-") + ".json" }

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type annotations struct {
	List []annotation `json:"list"`
}

type annotation struct {
	Datasource      source           `json:"datasource"`
	Enable          bool             `json:"enable"`
	IconColor       string           `json:"iconColor"`
	Name            string           `json:"name"`
	TagKeys         string           `json:"tagKeys"`
	Target          annotationTarget `json:"target"`
	TitleFormat     string           `json:"titleFormat"`
	UseValueForTime bool             `json:"useValueForTime"`
}

type annotationTarget struct {
	Expr     string `json:"expr"`
	Interval string `json:"interval"`
	RefID    string `json:"refId"`
}

type dashLink struct {
	AsDropdown  bool     `json:"asDropdown"`
	Icon        string   `json:"icon"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	Tags        []string `json:"tags"`
	TargetBlank bool     `json:"targetBlank"`
	Title       string   `json:"title"`
	Tooltip     string   `json:"tooltip"`
	Type        string   `json:"type"`
	URL         string   `json:"url,omitempty"`
}

type templating struct {
	List []variable `json:"list"`
}

// variable is a template variable. Query is a text, or what a data source asks for.
type variable struct {
	AllValue    string   `json:"allValue,omitempty"`
	Current     option   `json:"current"`
	Datasource  *source  `json:"datasource,omitempty"`
	Definition  string   `json:"definition,omitempty"`
	Description string   `json:"description"`
	Hide        int      `json:"hide"` // 2: the variable is not shown
	IncludeAll  bool     `json:"includeAll"`
	Label       string   `json:"label"`
	Multi       bool     `json:"multi"`
	Name        string   `json:"name"`
	Options     []option `json:"options"`
	Query       any      `json:"query"`
	Refresh     int      `json:"refresh,omitempty"` // 2: when the range changes
	Regex       string   `json:"regex"`
	Sort        int      `json:"sort,omitempty"` // 1: by name
	Type        string   `json:"type"`
}

type option struct {
	Selected bool `json:"selected"`
	Text     any  `json:"text"`
	Value    any  `json:"value"`
}

// source names a data source, by a variable that the reader may change.
type source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type grid struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type panel struct {
	Datasource      source      `json:"datasource"`
	Description     string      `json:"description"`
	FieldConfig     fieldConfig `json:"fieldConfig"`
	GridPos         grid        `json:"gridPos"`
	ID              int         `json:"id"`
	Interval        string      `json:"interval,omitempty"` // the shortest step
	MaxDataPoints   int         `json:"maxDataPoints,omitempty"`
	Options         any         `json:"options"`
	Targets         []target    `json:"targets"`
	Title           string      `json:"title"`
	Transformations []transform `json:"transformations,omitempty"`
	Type            string      `json:"type"`
}

type target struct {
	Datasource   source `json:"datasource"`
	EditorMode   string `json:"editorMode"`
	Expr         string `json:"expr"`
	Format       string `json:"format,omitempty"`
	Instant      bool   `json:"instant,omitempty"`
	LegendFormat string `json:"legendFormat,omitempty"`
	QueryType    string `json:"queryType,omitempty"`
	Range        bool   `json:"range,omitempty"`
	RefID        string `json:"refId"`
}

type transform struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}

type fieldConfig struct {
	Defaults  fieldDefaults `json:"defaults"`
	Overrides []override    `json:"overrides"`
}

type fieldDefaults struct {
	Color      *color      `json:"color,omitempty"`
	Custom     any         `json:"custom,omitempty"`
	Links      []dataLink  `json:"links,omitempty"`
	Mappings   []any       `json:"mappings"`
	Max        *float64    `json:"max,omitempty"`
	Min        *float64    `json:"min,omitempty"`
	NoValue    string      `json:"noValue,omitempty"`
	Thresholds *thresholds `json:"thresholds,omitempty"`
	Unit       string      `json:"unit"`
}

type color struct {
	FixedColor string `json:"fixedColor,omitempty"`
	Mode       string `json:"mode"`
}

type thresholds struct {
	Mode  string `json:"mode"`
	Steps []step `json:"steps"`
}

// step is a color from a value on; the first has none.
type step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

type dataLink struct {
	TargetBlank bool   `json:"targetBlank"`
	Title       string `json:"title"`
	URL         string `json:"url"`
}

type override struct {
	Matcher    matcher    `json:"matcher"`
	Properties []property `json:"properties"`
}

type matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}
