// Encodes ../../records.json with franz-go's kmsg types and kgo's compressors. Prints golden JSON.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type record struct {
	Key         []byte   `json:"key"`
	Value       []byte   `json:"value"`
	TimestampMs int64    `json:"timestampMs"`
	Headers     [][2]any `json:"headers"`
}

type golden struct {
	Name    string `json:"name"`
	Records string `json:"records"`
	Batch   []byte `json:"batch"`
}

func main() {
	raw, err := os.ReadFile(os.Args[1])
	check(err)
	var sets map[string][]record
	check(json.Unmarshal(raw, &sets))
	codecs := []struct {
		name  string
		id    int16
		codec kgo.CompressionCodec
	}{
		{"none", 0, kgo.NoCompression()}, {"gzip", 1, kgo.GzipCompression()}, {"snappy", 2, kgo.SnappyCompression()},
		{"lz4", 3, kgo.Lz4Compression()}, {"zstd", 4, kgo.ZstdCompression()},
	}
	var out []golden
	for _, c := range codecs {
		for _, set := range []string{"mixed", "bulk"} {
			if c.id == 0 && set == "bulk" {
				continue
			}
			out = append(out, golden{c.name + " " + set, set, encode(sets[set], c.id, c.codec)})
		}
	}
	text, err := json.Marshal(out)
	check(err)
	fmt.Println(string(text))
}

func encode(records []record, id int16, codec kgo.CompressionCodec) []byte {
	base, max := records[0].TimestampMs, records[0].TimestampMs
	var body []byte
	for i, r := range records {
		if r.TimestampMs > max {
			max = r.TimestampMs
		}
		body = kmsgRecord(r, i, r.TimestampMs-base).AppendTo(body)
	}
	if id != 0 {
		compressor, err := kgo.DefaultCompressor(codec)
		check(err)
		var dst bytes.Buffer
		compressed, got := compressor.Compress(&dst, body)
		if int16(got) != id {
			panic("franz-go chose another codec")
		}
		body = append([]byte(nil), compressed...)
	}
	batch := kmsg.RecordBatch{
		Length: int32(49 + len(body)), PartitionLeaderEpoch: -1, Magic: 2, Attributes: id,
		LastOffsetDelta: int32(len(records) - 1), FirstTimestamp: base, MaxTimestamp: max,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: int32(len(records)), Records: body,
	}
	encoded := batch.AppendTo(nil)
	binary.BigEndian.PutUint32(encoded[17:], crc32.Checksum(encoded[21:], crc32.MakeTable(crc32.Castagnoli)))
	return encoded
}

func kmsgRecord(r record, index int, delta int64) *kmsg.Record {
	out := kmsg.Record{TimestampDelta64: delta, OffsetDelta: int32(index), Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, kmsg.Header{Key: h[0].(string), Value: headerValue(h[1])})
	}
	// The length leaves itself out: encode once with a length of one byte to measure the rest.
	out.Length = int32(len(out.AppendTo(nil)) - 1)
	return &out
}

func headerValue(value any) []byte {
	if value == nil {
		return nil
	}
	var decoded []byte
	quoted, err := json.Marshal(value)
	check(err)
	check(json.Unmarshal(quoted, &decoded))
	if decoded == nil {
		decoded = []byte{}
	}
	return decoded
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
