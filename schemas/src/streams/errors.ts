import type { ErrorRow } from '../security-errors.ts'

/** The errors of durable streams; see errorTable. */
export const streamErrors = {
  UNKNOWN_STREAM: {
    status: 404,
    retriable: false,
    message: 'There is no such stream.',
    hint: 'Create it with PUT. It may have been deleted, or its time may have run out.',
  },
  STREAM_DELETED: {
    status: 410,
    retriable: false,
    message: 'The stream is deleted; forks of it are still read.',
    hint: 'Read a fork, or use another name: this one is free again when the last fork is deleted.',
  },
  STREAM_EXISTS: {
    status: 409,
    retriable: false,
    message: 'The name has a stream that differs from what was asked for.',
    hint: 'HEAD shows it. Ask for the same content type, lifetime, closure and source, or use another name.',
  },
  STREAM_SOURCE_DELETED: {
    status: 409,
    retriable: false,
    message: 'The stream that would be forked is deleted.',
    hint: 'Fork a stream that is there still, one of its forks for instance.',
  },
  STREAM_CLOSED: {
    status: 409,
    retriable: false,
    message: 'The stream is closed: nothing can be appended.',
    hint: 'Stream-Next-Offset says where it ends. Append to another stream, or to a fork of this one.',
  },
  STREAM_TYPE_MISMATCH: {
    status: 409,
    retriable: false,
    message: 'The content type is another one than that of the stream.',
    hint: 'HEAD shows the content type of the stream.',
  },
  STREAM_SEQUENCE_REPEATED: {
    status: 409,
    retriable: false,
    message: 'Stream-Seq is not above the last one of the stream.',
    hint: 'Another writer has appended, or this append is in the stream already: read on before you append again.',
  },
  STREAM_PRODUCER_FENCED: {
    status: 403,
    retriable: false,
    message: 'A producer of this id has appended under a later epoch.',
    hint: 'Stop, or go on under an epoch above Producer-Epoch of the answer.',
  },
  STREAM_PRODUCER_GAP: {
    status: 409,
    retriable: false,
    message: 'Producer-Seq does not follow on.',
    hint: 'Send Producer-Expected-Seq first; an append before this one has not arrived.',
  },
  STREAMS_UNAVAILABLE: {
    status: 503,
    retriable: true,
    message: 'The leader of the stream cannot be reached at the moment.',
    hint: 'Wait for an election, usually under two seconds; check that a majority of the replicas of "__streams" is up.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>
