// The list of operations of admin-list.ts, by franz-go.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func must(code int16) {
	if code != 0 {
		check(fmt.Errorf("error code %d", code))
	}
}

type admin struct {
	ctx    context.Context
	client *kgo.Client
	topic  string
}

func (a admin) create() int16 {
	req := kmsg.NewCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = a.topic, 2, 1
	req.Topics = append(req.Topics, topic)
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	return answer.Topics[0].ErrorCode
}

func (a admin) grow(count int32) int16 {
	req := kmsg.NewCreatePartitionsRequest()
	topic := kmsg.NewCreatePartitionsRequestTopic()
	topic.Topic, topic.Count = a.topic, count
	req.Topics = append(req.Topics, topic)
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	return answer.Topics[0].ErrorCode
}

func (a admin) setRetention(value string) int16 {
	req := kmsg.NewIncrementalAlterConfigsRequest()
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, a.topic
	config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	config.Name, config.Value = "retention.ms", &value
	resource.Configs = append(resource.Configs, config)
	req.Resources = append(req.Resources, resource)
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	return answer.Resources[0].ErrorCode
}

func (a admin) retention() string {
	req := kmsg.NewDescribeConfigsRequest()
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, a.topic
	resource.ConfigNames = []string{"retention.ms"}
	req.Resources = append(req.Resources, resource)
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	return *answer.Resources[0].Configs[0].Value
}

// describe answers how many brokers there are, and the partitions of the topic; -1 without the topic.
func (a admin) describe() (brokers, partitions int) {
	req := kmsg.NewMetadataRequest()
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	for _, topic := range answer.Topics {
		if topic.Topic != nil && *topic.Topic == a.topic {
			return len(answer.Brokers), len(topic.Partitions)
		}
	}
	return len(answer.Brokers), -1
}

func (a admin) deleteRecords() int64 {
	req := kmsg.NewDeleteRecordsRequest()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = a.topic
	topic.Partitions = append(topic.Partitions, kmsg.NewDeleteRecordsRequestTopicPartition())
	req.Topics = append(req.Topics, topic)
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	must(answer.Topics[0].Partitions[0].ErrorCode)
	return answer.Topics[0].Partitions[0].LowWatermark
}

func (a admin) groups() int {
	req := kmsg.NewListGroupsRequest()
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	must(answer.ErrorCode)
	return len(answer.Groups)
}

func (a admin) deleteTopic() {
	req := kmsg.NewDeleteTopicsRequest()
	req.TopicNames = []string{a.topic}
	topic := kmsg.NewDeleteTopicsRequestTopic()
	topic.Topic = &a.topic
	req.Topics = append(req.Topics, topic)
	answer, err := req.RequestWith(a.ctx, a.client)
	check(err)
	must(answer.Topics[0].ErrorCode)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]))
	check(err)
	defer client.Close()
	a := admin{ctx, client, os.Args[2]}
	result := map[string]any{}
	must(a.create())
	_, partitions := a.describe()
	result["isCreated"] = partitions == 2
	result["isSecondRefused"] = a.create() != 0
	must(a.grow(4))
	result["brokers"], result["partitions"] = a.describe()
	result["isFewerRefused"] = a.grow(3) != 0
	must(a.setRetention("12345"))
	result["isConfigRefused"] = a.setRetention("a week") != 0
	result["config"] = a.retention()
	result["start"] = a.deleteRecords()
	result["groups"] = a.groups()
	a.deleteTopic()
	_, partitions = a.describe()
	result["isDeleted"] = partitions == -1
	check(json.NewEncoder(os.Stdout).Encode(result))
}
