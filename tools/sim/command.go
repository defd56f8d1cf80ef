package sim

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

const usage = `usage: picketctl sim [flags]        run worlds from seeds
       picketctl sim [-rewrite] FILE…  run scenario transcripts

A world is one headquarters with gateways, rooms, clients and faults: a storm,
then a calm in which all must converge. Every invariant is judged; the exit
status is 1 if one is broken, and the command that repeats it is printed.
`

// options are what the command line says.
type options struct {
	Config
	first, last uint64
	json        bool
	trace       string
	rewrite     bool
	files       []string
}

// Main is `picketctl sim`. It gives the exit status: 0 all held, 1 an
// invariant or a transcript did not, 2 the command line makes no sense.
func Main(args []string, stdout, stderr io.Writer) int {
	opt, err := parseArgs(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\nhint:  picketctl sim -h names the flags\n", err)
		return 2
	}
	if len(opt.files) > 0 {
		return runFiles(opt, stdout, stderr)
	}
	results, err := runSeeds(opt)
	if err != nil {
		fmt.Fprintf(stderr, "error: %v\nhint:  picketctl sim -h names the flags\n", err)
		return 2
	}
	return conclude(opt, results, stdout, stderr)
}

// conclude reports what some worlds came to, and gives the exit status.
func conclude(opt *options, results []*Result, stdout, stderr io.Writer) int {
	report := summarize(results)
	if opt.json {
		if err := report.json(stdout); err != nil {
			fmt.Fprintf(stderr, "error: %v\n", err)
			return 2
		}
	} else {
		report.print(stdout)
	}
	if len(report.Violations) > 0 {
		fmt.Fprintf(stderr, "error: %s does not hold: %s\nhint:  %s\n", report.Violations[0].Invariant,
			report.Violations[0].What, report.Violations[0].Repeat)
		return 1
	}
	return 0
}

func parseArgs(args []string, stderr io.Writer) (*options, error) {
	opt := &options{Config: DefaultConfig}
	fs := flag.NewFlagSet("sim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
	}
	seed := fs.Uint64("seed", opt.Seed, "the world's `number`")
	seeds := fs.String("seeds", "", "run the worlds `A-B`")
	hours := fs.Float64("hours", opt.Storm.Hours(), "how long the storm lasts, in virtual `hours`")
	faults := fs.String("faults", opt.Faults.String(), "all, none, or a `list` of "+strings.Join(faultNames, ",")+"; all,-people: all but people")
	fs.IntVar(&opt.Gateways, "gateways", opt.Gateways, "mirrors")
	fs.IntVar(&opt.Rooms, "rooms", opt.Rooms, "rooms at the headquarters")
	fs.IntVar(&opt.Users, "users", opt.Users, "users, over all sites")
	fs.IntVar(&opt.Rate, "rate", opt.Rate, "`bit/s` of each line; 0: drawn from the seed")
	fs.Float64Var(&opt.Loss, "loss", opt.Loss, "`share` of frames lost; negative: drawn from the seed")
	fs.BoolVar(&opt.json, "json", false, "print one JSON object")
	fs.StringVar(&opt.trace, "trace", "", "write all that happens in the world to `FILE` (with -seed)")
	fs.BoolVar(&opt.rewrite, "rewrite", false, "write what happens into the scenario files")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if opt.Faults, err = ParseFaults(*faults); err != nil {
		return nil, err
	}
	opt.Storm = time.Duration(*hours * float64(time.Hour))
	opt.first, opt.last = *seed, *seed
	if *seeds != "" {
		if opt.first, opt.last, err = parseRange(*seeds); err != nil {
			return nil, err
		}
	}
	opt.files = fs.Args()
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case given["seed"] && given["seeds"]:
		return nil, errors.New("-seed and -seeds: give one of them")
	case opt.json && len(opt.files) > 0:
		return nil, errors.New("-json: transcripts have no numbers; it goes with seeds")
	}
	if opt.rewrite && len(opt.files) == 0 {
		return nil, errors.New("-rewrite: there is no FILE to write")
	}
	if opt.trace != "" && opt.first != opt.last {
		return nil, errors.New("-trace: one world at a time, by -seed")
	}
	return opt, opt.Validate()
}

// parseRange reads "A-B".
func parseRange(s string) (first, last uint64, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	first, err1 := strconv.ParseUint(a, 10, 64)
	last, err2 := strconv.ParseUint(b, 10, 64)
	if err1 != nil || err2 != nil || last < first {
		return 0, 0, fmt.Errorf("-seeds: %q is no range like 1-200", s)
	}
	return first, last, nil
}

// runSeeds runs the worlds, one a processor.
func runSeeds(opt *options) ([]*Result, error) {
	debug.SetGCPercent(400) // worlds are small and make much garbage
	results := make([]*Result, opt.last-opt.first+1)
	errs := make([]error, len(results))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				cfg := opt.Config
				cfg.Seed = opt.first + uint64(i)
				results[i], errs[i] = runTraced(cfg, opt.trace)
			}
		})
	}
	for i := range results {
		next <- i
	}
	close(next)
	wg.Wait()
	return results, errors.Join(errs...)
}

// runTraced runs one world, and writes what happens to a file if one is named.
func runTraced(cfg Config, trace string) (*Result, error) {
	if trace == "" {
		return Run(cfg)
	}
	f, err := os.Create(trace)
	if err != nil {
		return nil, err
	}
	res, err := run(cfg, sabotage{}, func(w *World) { w.trace = f })
	return res, errors.Join(err, f.Close())
}
