package lab

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"
)

// A request is what a command asks of the supervisor: one JSON object, answered
// by one answer, then the connection ends.
type request struct {
	Do       string `json:"do"`
	Site     string `json:"site,omitempty"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password,omitempty"`
	Admin    bool   `json:"admin,omitempty"`
	FromHQ   bool   `json:"from_hq,omitempty"`
	File     string `json:"file,omitempty"`
}

type answer struct {
	Text   string  `json:"text,omitempty"`
	Error  string  `json:"error,omitempty"`
	Hint   string  `json:"hint,omitempty"`
	Status *Status `json:"status,omitempty"`
}

// requestTimeout covers the slowest: a program that takes its time to stop or
// to be ready again.
const requestTimeout = 60 * time.Second

func socketPath(dir string) string { return filepath.Join(dir, "lab.sock") }

// ask sends one request to the supervisor of the lab in dir.
func ask(dir string, req request) (*answer, error) {
	c, err := net.DialTimeout("unix", socketPath(dir), 5*time.Second)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fail("picketctl lab up -dir "+dir, "no lab runs in %s", dir)
	case err != nil:
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(requestTimeout))
	if err := json.NewEncoder(c).Encode(req); err != nil {
		return nil, err
	}
	var ans answer
	if err := json.NewDecoder(c).Decode(&ans); err != nil {
		return nil, fail("see "+filepath.Join(dir, "lab.log"), "the supervisor gave no answer: %v", err)
	}
	if ans.Error != "" {
		return nil, &userError{what: ans.Error, hint: ans.Hint}
	}
	return &ans, nil
}

// listen opens the control socket, over one that a killed supervisor left.
func listen(dir string) (net.Listener, error) {
	path := socketPath(dir)
	if len(path) > 107 { // sun_path, unix(7)
		return nil, fail("a shorter -dir", "the path %s is too long for a socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fail("picketctl lab down -dir "+dir, "a lab already runs in %s", dir)
	}
	if err := syscall.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// State asks the lab in dir how its sites and lines are.
func State(dir string) (*Status, error) {
	ans, err := ask(dir, request{Do: "status"})
	if err != nil {
		return nil, err
	}
	return ans.Status, nil
}

// Do cuts or heals a site's line, or kills or starts its program.
func Do(dir, what, site string) error {
	_, err := ask(dir, request{Do: what, Site: site})
	return err
}

// NewAccount makes an account on a site and gives its password.
func NewAccount(dir, site, name string, admin bool) (string, error) {
	ans, err := ask(dir, request{Do: "account", Site: site, Name: name, Admin: admin})
	if err != nil {
		return "", err
	}
	return ans.Text, nil
}

// Inject puts a file's bytes on a gateway's line as if one end had sent them:
// noise, or what was recorded before. It returns before they have crossed.
func Inject(dir, site string, fromHQ bool, file string) error {
	_, err := ask(dir, request{Do: "inject", Site: site, FromHQ: fromHQ, File: file})
	return err
}

// Recording is where the frames of a gateway's line are recorded
// (line.ReadRecording).
func Recording(dir, site string) string { return filepath.Join(dir, "lines", site+".rec") }
