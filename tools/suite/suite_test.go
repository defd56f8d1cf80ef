package main

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestParseTargets(t *testing.T) {
	got := parseTargets("FuzzDecode\nFuzzTables\nok  \tpicket/codec\t0.004s\n" +
		"?   \tpicket/codec/ns\t[no test files]\nok  \tpicket/mirror\t0.003s\nFuzzParse\nok  \tpicket/radio/frame\t0.003s\n")
	want := []target{{"picket/codec", "FuzzDecode"}, {"picket/codec", "FuzzTables"}, {"picket/radio/frame", "FuzzParse"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRigPackages(t *testing.T) {
	asks := &fstest.MapFile{Data: []byte(`os.Getenv("PICKET_RIG")`)}
	got, err := rigPackages(fstest.MapFS{
		"mirror/c2s/a_test.go":       asks,
		"mirror/c2s/b_test.go":       asks,
		"mirror/c2s/c.go":            asks,
		"mirror/muc/muc_test.go":     {Data: []byte("package muc")},
		"out/x/x_test.go":            asks,
		"tools/rig/qemu/q_test.go":   {Data: []byte("package qemu")},
		"tools/rig/qemu/q.go":        {Data: []byte("package qemu")},
		"tools/rig/debian/debian.go": asks,
		"tools/testdata/x/x_test.go": asks,
	})
	want := []string{"./mirror/c2s", "./tools/rig/qemu"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestShowEvents(t *testing.T) {
	var out bytes.Buffer
	showEvents(&out, strings.NewReader(`
		{"Action":"run","Package":"p","Test":"TestA"}
		{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
		{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1.25}
		{"Action":"output","Package":"p","Test":"TestB/row","Output":"=== RUN   TestB/row\n"}
		{"Action":"output","Package":"p","Test":"TestB/row","Output":"got 1, want 2\n"}
		{"Action":"fail","Package":"p","Test":"TestB/row","Elapsed":0}
		{"Action":"fail","Package":"p","Test":"TestB","Elapsed":0.5}
		{"Action":"output","Package":"p","Output":"FAIL\n"}
		{"Action":"output","Package":"p","Output":"FAIL\tp\t1.9s\n"}
		{"Action":"fail","Package":"p","Elapsed":1.9}`))
	want := "    pass TestA (1.2 s)\ngot 1, want 2\n    fail TestB (0.5 s)\nFAIL\tp\t1.9s\n"
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}

func TestUnknownStage(t *testing.T) {
	err := (&suite{out: &bytes.Buffer{}}).run(context.Background(), []string{"chekc"})
	if err == nil || !strings.Contains(err.Error(), `"chekc" is no stage; there are check`) {
		t.Errorf("got %v, want an error that lists the stages", err)
	}
}
