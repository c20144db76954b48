import { consumerGroupErrors } from './consumer-groups/errors.ts'
import { publishErrors } from './publish-errors.ts'
import { type ErrorRow, securityErrors } from './security-errors.ts'
import { streamErrors } from './streams/errors.ts'

export type { ErrorRow } from './security-errors.ts'

/**
 * Every error that Tailrace shows, in one table. Types, HTTP statuses and docs/errors.md follow from it.
 * `retriable`: the same request may succeed later, unchanged. `hint`: what the reader can do about it.
 */
export const errorTable = {
  INVALID_REQUEST: {
    status: 400,
    retriable: false,
    message: 'The request is not understood.',
    hint: 'Compare it with docs/protocol.md or /openapi.json.',
  },
  INVALID_SETTING: {
    status: 400,
    retriable: false,
    message: 'A setting is unknown or wrong.',
    hint: 'The message names the setting and what would be valid.',
  },
  INVALID_TOPIC_NAME: {
    status: 400,
    retriable: false,
    message: 'The topic name is not valid.',
    hint: 'Use 1 to 249 characters out of a-z, A-Z, 0-9, dot, underscore and hyphen; not "." or "..".',
  },
  INVALID_REPLICATION: {
    status: 400,
    retriable: false,
    message: 'The number of partitions or replicas cannot be met.',
    hint: 'Ask for at least 1 partition, and for no more replicas than there are brokers.',
  },
  INVALID_PARTITIONS: {
    status: 400,
    retriable: false,
    message: 'The topic cannot have this number of partitions.',
    hint: 'Partitions can be added, and not be taken away: ask for at least as many as the topic has. For fewer, create a new topic.',
  },
  ...securityErrors,
  ...consumerGroupErrors,
  ...streamErrors,
  UNKNOWN_TOPIC: {
    status: 404,
    retriable: false,
    message: 'There is no such topic.',
    hint: 'Create it with "tailrace topic create", or look at "tailrace topic list".',
  },
  TOPIC_ID_MISMATCH: {
    status: 404,
    retriable: false,
    message: 'The topic of this name has another id.',
    hint: 'It was deleted and created again. Positions, batches and tokens of the former topic do not fit; start anew.',
  },
  TOPIC_NOT_COPIED: {
    status: 421,
    retriable: false,
    message: 'This cascade broker does not copy the topic.',
    hint: 'Read it from a broker of level 0, or from a cascade broker that copies it: "tailrace cascade status" shows which topics each of them has.',
  },
  UNKNOWN_PARTITION: {
    status: 404,
    retriable: false,
    message: 'The topic has no such partition.',
    hint: 'Partitions count from 0; "tailrace topic describe" shows them.',
  },
  NOT_FOUND: {
    status: 404,
    retriable: false,
    message: 'There is nothing at this address.',
    hint: 'The routes are listed in /openapi.json.',
  },
  TOPIC_EXISTS: {
    status: 409,
    retriable: false,
    message: 'A topic of this name exists.',
    hint: 'Choose another name, or delete the topic first.',
  },
  TOPIC_DIFFERS: {
    status: 409,
    retriable: false,
    message: 'The topic exists, and is not as it is to be.',
    hint: 'The message names each difference. Change the topic, or what the program asks for.',
  },
  OFFSET_OUT_OF_RANGE: {
    status: 416,
    retriable: false,
    message: 'The offset is outside the partition.',
    hint: 'Read between logStart and highWatermark.',
  },
  MALFORMED_FRAME: {
    status: 400,
    retriable: false,
    message: 'The bytes are not a Tailrace frame.',
    hint: 'Check that client and port belong together; docs/protocol.md gives the layout.',
  },
  FRAME_TOO_LARGE: {
    status: 413,
    retriable: false,
    message: 'The frame is larger than the broker accepts.',
    hint: 'Send smaller batches, or raise maxFrameBytes on every broker.',
  },
  UNSUPPORTED_MESSAGE: {
    status: 400,
    retriable: false,
    message: 'The broker does not know this message.',
    hint: 'Update the older of the two sides.',
  },
  CORRUPT_BATCH: {
    status: 400,
    retriable: true,
    message: 'The batch does not match its CRC-32C.',
    hint: 'Send it again; if it fails again, suspect memory or network hardware.',
  },
  INVALID_BATCH: {
    status: 400,
    retriable: false,
    message: 'The record batch breaks a rule of its format.',
    hint: 'The message names the field; see docs/protocol.md.',
  },
  INVALID_RECORD: {
    status: 400,
    retriable: false,
    message: 'A record is not valid.',
    hint: 'Keys and values are strings or bytes, or what the codec of a typed topic takes; headers map strings to strings or bytes.',
  },
  INVALID_TIMESTAMP: {
    status: 400,
    retriable: false,
    message: 'The timestamp of a record is too far from the present.',
    hint: "Check the clock of the producer; the topic's settings timestampBeforeMaxMs and timestampAfterMaxMs say what is taken.",
  },
  BATCH_TOO_LARGE: {
    status: 413,
    retriable: false,
    message: 'The batch is larger than the topic accepts.',
    hint: 'Publish fewer or smaller records at a time, or raise maxBatchBytes.',
  },
  UNSUPPORTED_COMPRESSION: {
    status: 400,
    retriable: false,
    message: 'This compression cannot be read here.',
    hint: 'Use none, gzip or zstd.',
  },
  NOT_LEADER: {
    status: 421,
    retriable: true,
    message: 'This broker does not lead the partition.',
    hint: 'Fetch metadata again and send to the leader.',
  },
  LEADER_UNAVAILABLE: {
    status: 503,
    retriable: true,
    message: 'The partition has no leader at the moment.',
    hint: 'Wait for an election, usually under two seconds; check that a majority of its replicas is up.',
  },
  OUTCOME_UNKNOWN: {
    status: 504,
    retriable: true,
    message: 'It is not known whether the records were committed.',
    hint: 'Retry with the same producer id and sequence: the broker drops duplicates.',
  },
  TIMED_OUT: {
    status: 504,
    retriable: true,
    message: 'The request took longer than its time limit.',
    hint: 'Retry; if it persists, check that a majority of replicas is up.',
  },
  ...publishErrors,
  UNKNOWN_USER: {
    status: 404,
    retriable: false,
    message: 'The cluster has no such user.',
    hint: '"tailrace user list" shows the users that the cluster keeps.',
  },
  UNKNOWN_TOKEN: {
    status: 404,
    retriable: false,
    message: 'The cluster has no such token.',
    hint: '"tailrace token list" shows the tokens; one that has expired is removed.',
  },
  TOO_MANY_USERS: {
    status: 409,
    retriable: false,
    message: 'The cluster keeps as many users as it can.',
    hint: 'Delete users that are not needed; for very many, use tokens of an identity provider.',
  },
  TOO_MANY_TOKENS: {
    status: 409,
    retriable: false,
    message: 'The cluster keeps as many tokens as it can.',
    hint: 'Revoke tokens that are not needed, and give new ones an expiry.',
  },
  TOO_MANY_ACLS: {
    status: 409,
    retriable: false,
    message: 'The cluster keeps as many rules as it can.',
    hint: 'Name resources by a prefix, or principals by a group, so that one rule is about many.',
  },
  OVERLOADED: {
    status: 429,
    retriable: true,
    message: 'Too much is in flight.',
    hint: 'Wait for acknowledgements, then retry with a delay.',
  },
  DISK_FULL: {
    status: 507,
    retriable: true,
    message: 'The broker has reached its disk reserve and takes no records.',
    hint: 'Free disk space or delete topics; reading goes on.',
  },
  STORAGE_CORRUPT: {
    status: 500,
    retriable: true,
    message: 'What is stored here cannot be read as it was written.',
    hint: 'Read records from another replica. If the broker does not start, see "A broker or a disk is lost" in docs/operations.md.',
  },
  RUNTIME_MISSING: {
    status: 500,
    retriable: false,
    message: 'A broker cannot run on this system as it is.',
    hint: 'The message says what is missing. Brokers need Node.js 22.18, and on Linux glibc 2.34.',
  },
  CODE_NOT_LOADED: {
    status: 503,
    retriable: false,
    message: 'A part of the SDK could not be loaded into the page.',
    hint: 'Check that its files are still served where the page came from, then load the page anew.',
  },
  NEWER_FORMAT: {
    status: 409,
    retriable: false,
    message: 'This was written by a newer version of Tailrace.',
    hint: 'Run the version that wrote it, or a later one; nothing has been changed. See "Upgrading" in docs/operations.md.',
  },
  UNKNOWN_SUBSCRIPTION: {
    status: 404,
    retriable: false,
    message: 'There is no such subscription on this connection.',
    hint: 'Subscribe first; ids belong to one connection.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    status: 429,
    retriable: false,
    message: 'The connection has too many subscriptions.',
    hint: 'Close some, or open another connection.',
  },
  TOO_MANY_PARTITIONS: {
    status: 409,
    retriable: false,
    message: 'The brokers hold as many replicas as they may.',
    hint: 'Ask for fewer partitions or replicas, delete topics, add brokers, or raise maxReplicasPerBroker.',
  },
  MEMBERS_CHANGING: {
    status: 409,
    retriable: true,
    message: 'The members of the partition are being changed already.',
    hint: 'Wait until "tailrace partition members" shows it as stable, or cancel the change.',
  },
  CHANGE_FAILED: {
    status: 409,
    retriable: false,
    message: 'The change of members was given up; the members are what they were.',
    hint: 'The message says why. Check that the new brokers are up and reachable, then ask again.',
  },
  INVALID_MEMBERS: {
    status: 400,
    retriable: false,
    message: 'These brokers cannot be the members.',
    hint: 'Name each broker once, at least one, and only brokers that "tailrace cluster status" shows.',
  },
  UNKNOWN_BROKER: {
    status: 404,
    retriable: false,
    message: 'The cluster has no such broker.',
    hint: '"tailrace cluster status" lists the brokers.',
  },
  BROKER_IN_USE: {
    status: 409,
    retriable: false,
    message: 'The broker still holds replicas or votes in the metadata group.',
    hint: 'Empty it first: "tailrace broker drain" moves its replicas, leaderships and vote to other brokers.',
  },
  TRANSFER_FAILED: {
    status: 503,
    retriable: true,
    message: 'The leadership was not transferred; the old leader continues.',
    hint: 'The message says why; check that the target is up and in sync.',
  },
  QUORUM_ALIVE: {
    status: 409,
    retriable: false,
    message: 'A majority of the members is alive, so nothing needs to be forced.',
    hint: 'Use "tailrace partition change", which loses nothing.',
  },
  DATA_LOSS_NOT_ACCEPTED: {
    status: 400,
    retriable: false,
    message: 'Forcing the members can lose acknowledged records.',
    hint: 'Repeat it with --i-accept-data-loss if no majority can ever come back.',
  },
  READ_ONLY: {
    status: 403,
    retriable: false,
    message: 'The topic is read-only.',
    hint: 'Make it writable with "tailrace topic alter NAME --read-only false".',
  },
  NOT_CAUGHT_UP: {
    status: 503,
    retriable: true,
    message: 'This replica does not hold the record of the token.',
    hint: 'Ask another of the named holders, or the leader.',
  },
  CLUSTER_MISMATCH: {
    status: 409,
    retriable: false,
    message: 'The peer belongs to another cluster.',
    hint: 'Check --join and the data directory.',
  },
  CASCADE_CYCLE: {
    status: 409,
    retriable: false,
    message: 'A cascade broker cannot copy from itself, through others either.',
    hint: 'Give it a source that is nearer to level 0; "tailrace cascade status" shows which broker copies from which.',
  },
  BROKER_IDENTITY_MISMATCH: {
    status: 409,
    retriable: false,
    message: 'The broker id is known with another data directory.',
    hint: 'A wiped disk needs a new broker id; it must never vote as the old one.',
  },
  FEATURE_LEVEL_TOO_LOW: {
    status: 409,
    retriable: false,
    message: 'This needs a higher feature level of the cluster.',
    hint: 'When all brokers run the new version, raise it with "tailrace cluster feature-level --raise".',
  },
  FEATURE_LEVEL_UNSUPPORTED: {
    status: 409,
    retriable: false,
    message: 'A broker does not support this feature level of the cluster.',
    hint: 'Update the brokers that the message names, restart them, then try again.',
  },
  INCOMPATIBLE_PEER: {
    status: 409,
    retriable: false,
    message: 'The peer speaks a protocol that cannot be resolved with ours.',
    hint: 'Update the older of the two sides.',
  },
  CONNECTION_LOST: {
    status: 503,
    retriable: true,
    message: 'The connection to the broker is gone.',
    hint: 'The SDK reconnects by itself; check that a broker is up if it persists.',
  },
  CLOSED: { status: 410, retriable: false, message: 'The client has been closed.', hint: 'Create a new one.' },
  ABORTED: {
    status: 499,
    retriable: false,
    message: 'The caller gave up.',
    hint: 'The abort signal fired; what was already sent may still be committed.',
  },
  NOT_READY: {
    status: 503,
    retriable: true,
    message: 'The broker is not ready.',
    hint: 'The message says what it waits for; use another broker meanwhile.',
  },
  SHUTTING_DOWN: {
    status: 503,
    retriable: true,
    message: 'The broker is shutting down.',
    hint: 'Retry with another broker.',
  },
  INTERNAL: {
    status: 500,
    retriable: true,
    message: 'The broker made a mistake.',
    hint: 'Look in its log for the same code and time, and report it.',
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

/** Whether a string from the wire names an error of ours. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}
