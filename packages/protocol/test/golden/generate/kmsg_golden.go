// Writes golden bytes with franz-go's kmsg, the second encoder that is not ours. It still has versions that
// Kafka 4.3 dropped: ListOffsets v0, Produce v0-2.
//
//	go run . OUTPUT_DIRECTORY KEY:MIN-MAX...
//
// One file per API, one line per message: "request 12 full 0001000c...", header included. Variants as in
// KafkaGolden.java.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

var variants = []string{"full", "empty", "unknown"}

type filler struct {
	variant string
	counter int64
}

func main() {
	directory := os.Args[1]
	if err := os.MkdirAll(directory, 0o755); err != nil {
		panic(err)
	}
	for _, argument := range os.Args[2:] {
		var key, min, max int16
		if _, err := fmt.Sscanf(argument, "%d:%d-%d", &key, &min, &max); err != nil {
			panic(err)
		}
		var lines strings.Builder
		for version := min; version <= max; version++ {
			for _, variant := range variants {
				writeMessages(&lines, key, version, variant)
			}
		}
		path := filepath.Join(directory, kmsg.NameForKey(key)+".txt")
		if err := os.WriteFile(path, []byte(lines.String()), 0o644); err != nil {
			panic(err)
		}
	}
}

func writeMessages(lines *strings.Builder, key, version int16, variant string) {
	request := kmsg.RequestForKey(key)
	if request.MaxVersion() < version {
		panic(fmt.Sprintf("%s has no v%d here", kmsg.NameForKey(key), version))
	}
	request.SetVersion(version)
	if variant == "unknown" && !request.IsFlexible() {
		return
	}
	fill := &filler{variant: variant}
	fill.message(reflect.ValueOf(request).Elem())
	request.SetVersion(version)
	dropLaterTags(request, version)
	formatter := kmsg.NewRequestFormatter(kmsg.FormatterClientID("kmsg-ü"))
	frame := formatter.AppendRequest(nil, request, 9_000_000+int32(version))
	fmt.Fprintf(lines, "request %d %s %x\n", version, variant, frame[4:])

	response := request.ResponseKind()
	fill.message(reflect.ValueOf(response).Elem())
	response.SetVersion(version)
	dropLaterTags(response, version)
	header := []byte{0, 0, 0, 5}
	if response.IsFlexible() && key != 18 {
		header = append(header, 0)
	}
	fmt.Fprintf(lines, "response %d %s %x\n", version, variant, response.AppendTo(header))
}

// kmsg writes a tagged field in every flexible version, also in those that do not know it yet.
func dropLaterTags(message any, version int16) {
	switch message := message.(type) {
	case *kmsg.FetchRequest:
		if version < 15 {
			message.ReplicaState = kmsg.NewFetchRequestReplicaState()
		}
		for _, topic := range message.Topics {
			for index := range topic.Partitions {
				defaults := kmsg.NewFetchRequestTopicPartition()
				if version < 17 {
					topic.Partitions[index].ReplicaDirectoryID = defaults.ReplicaDirectoryID
				}
				if version < 18 {
					topic.Partitions[index].HighWatermark = defaults.HighWatermark
				}
			}
		}
	case *kmsg.FetchResponse:
		if version < 16 {
			message.Brokers = nil
		}
	case *kmsg.ProduceResponse:
		if version < 10 {
			message.Brokers = nil
			for _, topic := range message.Topics {
				for index := range topic.Partitions {
					topic.Partitions[index].CurrentLeader = kmsg.NewProduceResponseTopicPartitionCurrentLeader()
				}
			}
		}
	}
}

func (f *filler) message(value reflect.Value) {
	for index := 0; index < value.NumField(); index++ {
		field := value.Field(index)
		switch {
		case field.Type() == reflect.TypeOf(kmsg.Tags{}):
			if f.variant == "unknown" {
				tags := field.Addr().Interface().(*kmsg.Tags)
				tags.Set(99, []byte("later"))
				tags.Set(300, nil)
			}
		case value.Type().Field(index).Name == "Version":
		default:
			f.set(field)
		}
	}
}

func (f *filler) set(field reflect.Value) {
	f.counter++
	isEmpty := f.variant == "empty"
	switch field.Kind() {
	case reflect.Bool:
		field.SetBool(!isEmpty)
	case reflect.Int8:
		field.SetInt(f.counter % 100)
	case reflect.Int16:
		field.SetInt(f.counter + 300)
	case reflect.Int32:
		field.SetInt(f.counter + 70_000)
	case reflect.Int64:
		field.SetInt(f.counter + 6_000_000_000_000)
	case reflect.Uint16:
		field.SetUint(uint64(40_000 + f.counter))
	case reflect.Float64:
		field.SetFloat(float64(f.counter) + 0.5)
	case reflect.String:
		if !isEmpty {
			field.SetString(fmt.Sprintf("k%d-ß", f.counter))
		}
	case reflect.Array:
		for index := 0; index < field.Len(); index++ {
			field.Index(index).SetUint(uint64(index) + uint64(f.counter%200))
		}
	case reflect.Struct:
		f.message(field)
	case reflect.Ptr:
		if isEmpty {
			field.Set(reflect.Zero(field.Type()))
			return
		}
		field.Set(reflect.New(field.Type().Elem()))
		f.set(field.Elem())
	case reflect.Slice:
		f.slice(field)
	default:
		panic(field.Kind().String())
	}
}

func (f *filler) slice(field reflect.Value) {
	if f.variant == "empty" {
		field.Set(reflect.Zero(field.Type()))
		return
	}
	if field.Type().Elem().Kind() == reflect.Uint8 {
		field.SetBytes([]byte{0, byte(f.counter), 255})
		return
	}
	field.Set(reflect.MakeSlice(field.Type(), 2, 2))
	for index := 0; index < 2; index++ {
		f.set(field.Index(index))
	}
}
