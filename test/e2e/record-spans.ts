import { appendFileSync } from 'node:fs'
import { trace } from '@opentelemetry/api'
import { SpanRecorder } from '../../broker/src/start/tracing/testing/span-recorder.ts'

/** Loaded by `node --import`: spans of the process are lines of JSON in the file that SPANS_FILE names. */
trace.setGlobalTracerProvider(
  new SpanRecorder((span) => appendFileSync(process.env.SPANS_FILE!, `${JSON.stringify(span)}\n`)),
)
