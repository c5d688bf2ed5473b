package main

import (
	"errors"

	"hilphone/hil/compare"
)

// benchCompare holds the evidence of a run against that of another (UX-28).
type benchCompare struct {
	Base      string `arg:"" type:"path" help:"Folder of the evidence that the other is held against."`
	New       string `arg:"" type:"path" help:"Folder of the other."`
	Tolerance string `default:"10%,50ms" placeholder:"SHARE,TIME" help:"How far apart two times may be: 10%, 50ms, or the larger of both, 10%,50ms."`
	Statistic string `default:"p50" enum:"p50,min,p99,max" help:"What of several rounds is compared: p50, min, p99 or max."`
	All       bool   `help:"Lists the times that are within the tolerance too."`
	JSON      bool   `name:"json" help:"Writes all of it as JSON."`
}

func (c *benchCompare) Run(env environment) error {
	tolerance, err := compare.ParseTolerance(c.Tolerance)
	if err != nil {
		return usage("--tolerance: %w", err)
	}
	base, err := compare.Read(c.Base)
	if err != nil {
		return usage("%w", err)
	}
	next, err := compare.Read(c.New)
	if err != nil {
		return usage("%w", err)
	}
	report := compare.Compare(base, next, tolerance, c.Statistic)
	if c.JSON {
		err = report.JSON(env.Stdout)
	} else {
		err = report.Print(env.Stdout, c.All)
	}
	if err == nil && report.Differ {
		err = errors.New("the runs differ")
	}
	return err
}
