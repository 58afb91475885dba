// franz-go behind the command line of program.ts.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// partitionTally is one partition's part of the tally of record-tally.ts.
type partitionTally struct {
	Count     int64  `json:"count"`
	Hash      string `json:"hash"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
	IsOrdered bool   `json:"isOrdered"`
	sum       uint64
}

type tally struct {
	count      int
	partitions map[int32]*partitionTally
}

func newTally() *tally { return &tally{partitions: map[int32]*partitionTally{}} }

func (t *tally) add(r *kgo.Record) {
	t.count++
	p := t.partitions[r.Partition]
	if p == nil {
		p = &partitionTally{First: r.Offset, Last: -1, IsOrdered: true}
		t.partitions[r.Partition] = p
	}
	p.Count++
	if r.Offset <= p.Last {
		p.IsOrdered = false
	}
	p.Last = r.Offset
	frame := fmt.Appendf(nil, "%d %d %d\n", r.Timestamp.UnixMilli(), length(r.Key), length(r.Value))
	frame = append(append(frame, r.Key...), r.Value...)
	digest := sha256.Sum256(frame)
	var hash uint64
	for _, b := range digest[:6] {
		hash = hash<<8 | uint64(b)
	}
	p.sum = (p.sum + hash) & (1<<48 - 1)
	p.Hash = fmt.Sprintf("%012x", p.sum)
}

func length(b []byte) int {
	if b == nil {
		return -1
	}
	return len(b)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func client(bootstrap string, opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(bootstrap))...)
	check(err)
	return cl
}

// listOffsets answers the start (-2) or end (-1) offset of each partition.
func listOffsets(ctx context.Context, cl *kgo.Client, topic string, partitions int, timestamp int64) map[int32]int64 {
	request := kmsg.NewListOffsetsRequest()
	request.ReplicaID = -1
	entry := kmsg.NewListOffsetsRequestTopic()
	entry.Topic = topic
	for i := range partitions {
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Partition, partition.Timestamp = int32(i), timestamp
		entry.Partitions = append(entry.Partitions, partition)
	}
	request.Topics = append(request.Topics, entry)
	response, err := request.RequestWith(ctx, cl)
	check(err)
	offsets := map[int32]int64{}
	for _, t := range response.Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode != 0 {
				check(fmt.Errorf("ListOffsets answered %d for partition %d", p.ErrorCode, p.Partition))
			}
			offsets[p.Partition] = p.Offset
		}
	}
	return offsets
}

func countPartitions(ctx context.Context, cl *kgo.Client, topic string) int {
	request := kmsg.NewMetadataRequest()
	entry := kmsg.NewMetadataRequestTopic()
	entry.Topic = &topic
	request.Topics = append(request.Topics, entry)
	response, err := request.RequestWith(ctx, cl)
	check(err)
	return len(response.Topics[0].Partitions)
}

func dump(ctx context.Context, bootstrap, topic string) any {
	admin := client(bootstrap)
	count := countPartitions(ctx, admin, topic)
	starts := listOffsets(ctx, admin, topic, count, -2)
	waiting := listOffsets(ctx, admin, topic, count, -1)
	admin.Close()
	assigned := map[int32]kgo.Offset{}
	for partition, end := range waiting {
		if starts[partition] == end {
			delete(waiting, partition)
		} else {
			assigned[partition] = kgo.NewOffset().AtStart()
		}
	}
	t := newTally()
	if len(waiting) == 0 {
		return t.partitions
	}
	cl := client(bootstrap, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: assigned}))
	defer cl.Close()
	for len(waiting) > 0 {
		fetches := cl.PollFetches(ctx)
		check(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			end := waiting[r.Partition]
			if r.Offset < end {
				t.add(r)
			}
			if r.Offset+1 >= end {
				delete(waiting, r.Partition)
			}
		})
	}
	return t.partitions
}

func produce(ctx context.Context, bootstrap, topic string, count int, prefix string) any {
	cl := client(bootstrap, kgo.AllowAutoTopicCreation())
	defer cl.Close()
	var acked atomic.Int64
	for i := range count {
		record := &kgo.Record{
			Topic: topic,
			Key:   fmt.Appendf(nil, "key-%d", i%97),
			Value: fmt.Appendf(nil, "%s-%d", prefix, i),
		}
		cl.Produce(ctx, record, func(_ *kgo.Record, err error) {
			check(err)
			acked.Add(1)
		})
	}
	check(cl.Flush(ctx))
	return map[string]int64{"acked": acked.Load()}
}

// A commit is tried again while the broker may be away for a moment.
const (
	commitTries = 50
	commitPause = 100 * time.Millisecond
)

func group(ctx context.Context, bootstrap, topic, name string, count int) any {
	cl := client(bootstrap,
		kgo.ConsumerGroup(name), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer cl.Close()
	t := newTally()
	last := map[int32]*kgo.Record{}
	for t.count < count {
		fetches := cl.PollRecords(ctx, count-t.count)
		// The client joins again by itself: a broker that is away for a moment is no end.
		var session *kgo.ErrGroupSession
		if err := fetches.Err(); !errors.As(err, &session) {
			check(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			t.add(r)
			last[r.Partition] = r
		})
	}
	records := make([]*kgo.Record, 0, len(last))
	for _, r := range last {
		records = append(records, r)
	}
	err := cl.CommitRecords(ctx, records...)
	for tries := 1; err != nil && tries < commitTries; tries++ {
		time.Sleep(commitPause)
		err = cl.CommitRecords(ctx, records...)
	}
	check(err)
	return t.partitions
}

func main() {
	ctx := context.Background()
	verb, bootstrap, topic := os.Args[1], os.Args[2], os.Args[3]
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		check(err)
		return n
	}
	var result any
	switch verb {
	case "dump":
		result = dump(ctx, bootstrap, topic)
	case "produce":
		result = produce(ctx, bootstrap, topic, number(os.Args[4]), os.Args[5])
	case "group":
		result = group(ctx, bootstrap, topic, os.Args[4], number(os.Args[5]))
	default:
		check(fmt.Errorf("unknown verb %s", verb))
	}
	check(json.NewEncoder(os.Stdout).Encode(result))
}
