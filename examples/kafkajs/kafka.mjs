/** A program written for Kafka: only the address is Millrace's. */
import { Kafka, logLevel } from 'kafkajs'

export const kafka = new Kafka({
  clientId: 'examples',
  brokers: [process.env.MILLRACE_BOOTSTRAP ?? 'localhost:9092'],
  logLevel: logLevel.NOTHING,
})
