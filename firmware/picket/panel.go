package main

import (
	"context"
	"log/slog"

	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3"

	"picket/board"
	"picket/firmware/config"
	"picket/mirror/service"
)

// lights are what the board shows for what the service judges.
var lights = map[service.Light]board.State{
	service.LinkUp:      board.Up,
	service.Handshaking: board.Handshaking,
	service.LinkDown:    board.Down,
	service.Fault:       board.Fault,
}

// openBoard finds the board's pins and gives what runs them, and the panel that
// the service sees; nothing, where the configuration names no board.
func openBoard(c config.Board, log *slog.Logger) (run []func(context.Context) error, panel *service.Panel, err error) {
	if c == (config.Board{}) || c == (config.Board{Model: "none"}) {
		return nil, nil, nil
	}
	if _, err := host.Init(); err != nil {
		return nil, nil, err
	}
	b, err := board.New(board.Config{Model: c.Model, Pins: board.Pins{LED: c.LED, Link: c.Link, Inhibit: c.Inhibit}, Lookup: gpioreg.ByName, Log: log})
	if err != nil {
		return nil, nil, err
	}
	run = append(run, func(ctx context.Context) error { b.Run(ctx); return nil })
	return run, &service.Panel{Show: func(l service.Light) { b.SetLink(lights[l]) }, Frame: b.Traffic, Inhibited: b.Inhibited}, nil
}
