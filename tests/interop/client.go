package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// entriesLevel is x/mod's name for "not hashes but the data below level 0".
	entriesLevel = -1
	answerMax    = 64 << 20
)

// tilePath is the C2SP tlog-tiles path of a tile, or of an entry bundle where
// level is entriesLevel. The three-digit groups are x/mod's; its paths only
// differ in naming the height, and in saying data for entries.
func tilePath(level int, n int64, width int) string {
	path := tlog.Tile{H: tileHeight, L: level, N: n, W: width}.Path()
	path = strings.TrimPrefix(path, fmt.Sprintf("tile/%d/", tileHeight))
	if level == entriesLevel {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

// tileSpan is one published tile or bundle: width hashes or entries of tile n.
type tileSpan struct {
	n     int64
	width int
}

// tilesOf lists the tiles that hold count hashes: the full ones, then the partial one if any.
func tilesOf(count int64) []tileSpan {
	var spans []tileSpan
	for n := int64(0); n < count/tileWidth; n++ {
		spans = append(spans, tileSpan{n, tileWidth})
	}
	if w := int(count % tileWidth); w > 0 {
		spans = append(spans, tileSpan{count / tileWidth, w})
	}
	return spans
}

// logClient reads one log over HTTP.
type logClient struct {
	base string
	http *http.Client
}

func newLogClient(url string, timeout time.Duration) *logClient {
	return &logClient{
		base: strings.TrimRight(url, "/"),
		http: &http.Client{
			Timeout: timeout,
			// Content-Encoding is looked at here, as tlog-tiles asks of clients.
			Transport: &http.Transport{DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
	}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// words is what a server said, short enough for a message.
func (a answer) words() string {
	s := strings.TrimSpace(string(a.body))
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return fmt.Sprintf("%d %q", a.status, s)
}

// get fails only where there was no whole answer; any status is an answer.
func (c *logClient) get(path string) (answer, error) {
	req, err := http.NewRequest(http.MethodGet, c.base+"/"+path, nil)
	if err != nil {
		return answer{}, unchecked(err)
	}
	req.Header.Set("Accept-Encoding", "gzip, identity")
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, unchecked(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err != nil {
		return answer{}, unchecked(fmt.Errorf("GET %s: %v", path, err))
	}
	switch enc := resp.Header.Get("Content-Encoding"); enc {
	case "", "identity":
	case "gzip":
		zr, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return answer{}, fmt.Errorf("GET %s: %v", path, err)
		}
		if body, err = io.ReadAll(io.LimitReader(zr, answerMax)); err != nil {
			return answer{}, fmt.Errorf("GET %s: %v", path, err)
		}
	default:
		return answer{}, fmt.Errorf("GET %s: Content-Encoding %q was not asked for", path, enc)
	}
	return answer{resp.StatusCode, resp.Header, body}, nil
}
