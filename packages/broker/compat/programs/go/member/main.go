// franz-go as a member of a group (../../../groups/members/member-lines.ts): eager, cooperative or KIP-848.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var out sync.Mutex

func tell(what any) {
	line, _ := json.Marshal(what)
	out.Lock()
	defer out.Unlock()
	fmt.Println(string(line))
}

type owned struct {
	sync.Mutex
	partitions []int32
}

func (o *owned) change(change func([]int32) []int32) {
	o.Lock()
	defer o.Unlock()
	o.partitions = change(o.partitions)
	slices.Sort(o.partitions)
	told := append([]int32{}, o.partitions...)
	tell(map[string]any{"assigned": told})
}

func main() {
	bootstrap, topic, group, protocol := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var mine owned
	gone := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
		mine.change(func(now []int32) []int32 {
			return slices.DeleteFunc(now, func(p int32) bool { return slices.Contains(lost[topic], p) })
		})
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumeTopics(topic),
		kgo.ConsumerGroup(group),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) {
			mine.change(func(now []int32) []int32 { return append(now, added[topic]...) })
		}),
		kgo.OnPartitionsRevoked(gone),
		kgo.OnPartitionsLost(gone),
	}
	switch protocol {
	case "consumer":
		optIn := context.WithValue(context.Background(), "opt_in_kafka_next_gen_balancer_beta", true)
		opts = append(opts, kgo.WithContext(optIn))
	case "cooperative":
		opts = append(opts, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	default:
		opts = append(opts, kgo.Balancers(kgo.RangeBalancer()))
	}
	if protocol != "consumer" {
		opts = append(opts, kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(time.Second),
			kgo.RebalanceTimeout(10*time.Second))
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for ctx.Err() == nil {
		fetches := cl.PollRecords(ctx, 500)
		ranges := [][3]int64{}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 {
				ranges = append(ranges, [3]int64{int64(p.Partition), p.Records[0].Offset, p.Records[n-1].Offset})
			}
		})
		if len(ranges) > 0 {
			tell(map[string]any{"read": ranges})
			if err := cl.CommitRecords(ctx, fetches.Records()...); err != nil {
				fmt.Fprintln(os.Stderr, "commit:", err)
			}
		}
		cl.AllowRebalance()
	}
	cl.Close()
}
