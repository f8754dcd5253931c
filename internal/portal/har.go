package portal

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// This file writes an exchange as an HTTP Archive 1.2, which browsers, proxies
// and most HTTP tools read. Headers are not recorded, but for what is known.

type harFile struct {
	Log harLog `json:"log"`
}

type harLog struct {
	Version string     `json:"version"`
	Creator harCreator `json:"creator"`
	Entries []harEntry `json:"entries"`
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"`
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment,omitzero"`
}

type harRequest struct {
	Method      string      `json:"method"`
	URL         string      `json:"url"`
	HTTPVersion string      `json:"httpVersion"`
	Cookies     []struct{}  `json:"cookies"`
	Headers     []harHeader `json:"headers"`
	QueryString []struct{}  `json:"queryString"`
	PostData    *harBody    `json:"postData,omitempty"`
	HeadersSize int         `json:"headersSize"`
	BodySize    int         `json:"bodySize"`
}

type harResponse struct {
	Status      int         `json:"status"`
	StatusText  string      `json:"statusText"`
	HTTPVersion string      `json:"httpVersion"`
	Cookies     []struct{}  `json:"cookies"`
	Headers     []harHeader `json:"headers"`
	Content     harContent  `json:"content"`
	RedirectURL string      `json:"redirectURL"`
	HeadersSize int         `json:"headersSize"`
	BodySize    int         `json:"bodySize"`
}

type harHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harBody struct {
	MIMEType string `json:"mimeType"`
	Text     string `json:"text"`
}

type harContent struct {
	Size     int    `json:"size"`
	MIMEType string `json:"mimeType"`
	Text     string `json:"text,omitzero"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

const mimeJSON = "application/json"

func harOf(url string, e *requestlog.Exchange) harFile {
	took := float64(e.Duration.Microseconds()) / 1000
	address := url + e.Path
	if direction(e) == "Incoming" {
		address = "http://" + e.Path
	}
	request := harRequest{Method: e.Method, URL: address, HTTPVersion: "HTTP/1.1", Cookies: []struct{}{}, Headers: []harHeader{},
		QueryString: []struct{}{}, HeadersSize: -1, BodySize: len(e.RequestBody)}
	if len(e.RequestBody) > 0 {
		request.Headers = append(request.Headers, harHeader{"Content-Type", mimeJSON})
		request.PostData = &harBody{mimeJSON, strings.ToValidUTF8(string(e.RequestBody), string(utf8.RuneError))}
	}
	response := harResponse{Status: e.Status, StatusText: http.StatusText(e.Status), HTTPVersion: "HTTP/1.1", Cookies: []struct{}{},
		Headers: []harHeader{{"Klarna-Correlation-Id", e.CorrelationID}}, HeadersSize: -1, BodySize: len(e.ResponseBody),
		Content: harContent{len(e.ResponseBody), mimeJSON, strings.ToValidUTF8(string(e.ResponseBody), string(utf8.RuneError))}}
	entry := harEntry{Started: e.At.UTC().Format(time.RFC3339Nano), Time: took, Request: request, Response: response,
		Timings: harTimings{Wait: took}, Comment: e.Reason}
	return harFile{harLog{"1.2", harCreator{"Kvitto", "1"}, []harEntry{entry}}}
}

// har sends an exchange as such a file.
func (p *portal) har(w http.ResponseWriter, e *requestlog.Exchange) error {
	text, err := json.MarshalIndent(harOf(p.URL, e), "", "  ")
	if err != nil {
		return err
	}
	download(w, mimeJSON, e.CorrelationID+".har", text)
	return nil
}
