package logsql

import (
	"encoding/json"
	"net/http"

	"edgescope/edge"
)

// tenantID is a tenant of VictoriaLogs: here one kind of events of a tenant of ours.
type tenantID struct {
	AccountID edge.Tenant `json:"account_id"`
	ProjectID edge.Kind   `json:"project_id"`
}

// tenantIDs answers what the header ProjectID may be: the three kinds of events of who asks. Other tenants are not
// told.
func (h *handler) tenantIDs(w http.ResponseWriter, r *http.Request) {
	tenant, err := h.opts.Tenant(r)
	if err != nil {
		failText(w, http.StatusForbidden, err.Error())
		return
	}
	var ids []tenantID
	for _, kind := range []edge.Kind{edge.KindSpan, edge.KindLog, edge.KindDataPoint} {
		ids = append(ids, tenantID{tenant, kind})
	}
	writeJSON(w, ids)
}

// engineVersion is the version of VictoriaLogs whose LogsQL and API this is: clients ask for it to learn what they may
// send.
const engineVersion = "v1.51.0"

func buildInfo(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{"status": "success", "data": map[string]string{"version": engineVersion}})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone when this fails
}
