package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

const vectorsFile = "testdata/vectors.json"

// Goal: the file in the tree is what this code makes, and is JSON of a bearable size.
func TestVectorsFileIsUpToDate(t *testing.T) {
	want, err := makeVectors()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs: go run . vectors -out %s", vectorsFile, vectorsFile)
	}
	if !json.Valid(got) {
		t.Error("not JSON")
	}
	if len(got) > 400*1000 {
		t.Errorf("%d bytes", len(got))
	}
}

// Goal: figures that the specifications themselves give.
func TestVectorsHoldTheSpecificationsFigures(t *testing.T) {
	data, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Roots      []rootVector      `json:"roots"`
		TilePaths  []tilePathVector  `json:"tile_paths"`
		TileShapes []tileShapeVector `json:"tile_shapes"`
		Notes      []noteVector      `json:"notes"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if got := file.Roots[0].Root.String(); got != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		t.Errorf("empty root %s", got)
	}
	paths := map[string]bool{}
	for _, p := range file.TilePaths {
		paths[p.Path] = true
	}
	for _, want := range []string{"tile/0/000", "tile/0/x001/x234/067", "tile/0/x001/x234/067.p/1", "tile/entries/273.p/112", "tile/entries/x001/x234/067"} {
		if !paths[want] {
			t.Errorf("no tile path %s", want)
		}
	}
	for _, shape := range file.TileShapes {
		if shape.Size != 70000 {
			continue
		}
		want := []levelShape{{0, 273, 112}, {1, 1, 17}, {2, 0, 1}}
		if len(shape.Levels) != 3 || shape.Levels[0] != want[0] || shape.Levels[1] != want[1] || shape.Levels[2] != want[2] {
			t.Errorf("size 70,000: %v", shape.Levels)
		}
	}
	if n := file.Notes[0]; !n.OK || n.VKeys[0] != specVKey || n.Text != "This is an example message.\n" {
		t.Errorf("the specification's note: %+v", n)
	}
}
