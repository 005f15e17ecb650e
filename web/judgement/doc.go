// Package judgement has the pages that judge: what is promised and kept, what is near a limit, what it costs, who is
// told. One file and one template a page; what pages are made of is in web/part.
package judgement
