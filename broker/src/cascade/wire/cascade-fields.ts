import type { ClusterBrokerFields, Message, TopicConfigFields, TopicSummaryFields } from '@tailrace/schemas'
import type { BrokerDescription, TopicConfig, TopicSummary } from '../../api/broker-api.ts'
import { aclFields, aclOf, tokenFields, tokenOf, userFields, userOf } from '../../security/acl/table-fields.ts'
import { quotaFields, quotaOf } from '../../security/quotas/quota-fields.ts'
import type { CascadeBeatReply, Decision, SecurityPage, TopicPage } from './cascade-messages.ts'

/** A field that Avro carries as null is missing in the shapes of the API; all others are the same on both sides. */

type Reply = 'CascadeBeatReply' | 'CascadeTopicsReply' | 'CascadeSecurityReply' | 'CascadeReportsReply'
type Fields<Name extends Reply> = Omit<Message<Name>, 'correlation'>

export function beatReplyFields({ cluster, ...reply }: CascadeBeatReply): Fields<'CascadeBeatReply'> {
  const { metadataLeader, featureLevel = null, brokers } = cluster
  return { ...reply, metadataLeader, featureLevel, brokers: brokers.map(brokerFields) }
}

export function beatReplyFrom({
  metadataLeader,
  featureLevel,
  brokers,
  ...reply
}: Message<'CascadeBeatReply'>): CascadeBeatReply {
  const level = featureLevel === null ? {} : { featureLevel }
  const { correlation: _, taken: __, list: ___, listAfter: ____, gone: _____, clusterId, ...rest } = reply
  return { clusterId, ...rest, cluster: { clusterId, metadataLeader, ...level, brokers: brokers.map(brokerFrom) } }
}

export function topicPageFields({ topics, ...page }: TopicPage): Fields<'CascadeTopicsReply'> {
  return { ...page, topics: topics.map(topicFields) }
}

export function topicPageFrom({ topics, digest, version, total }: Message<'CascadeTopicsReply'>): TopicPage {
  return { digest, version, total, topics: topics.map(topicFrom) }
}

/** The default of `quotaTotal`, as the schema has it. */
const NOT_TOLD = -1

export function securityPageFields(page: SecurityPage): Fields<'CascadeSecurityReply'> {
  const { digest, total, users, tokens, acls, quotas, quotaTotal } = page
  return {
    digest,
    total,
    users: users.map(userFields),
    tokens: tokens.map(tokenFields),
    acls: acls.map(aclFields),
    quotas: quotas.map(quotaFields),
    quotaTotal: quotaTotal ?? NOT_TOLD,
  }
}

export function securityPageFrom(fields: Message<'CascadeSecurityReply'>): SecurityPage {
  const { digest, total, users, tokens, acls, quotas, quotaTotal } = fields
  return {
    digest,
    total,
    users: users.map(({ name, scram }) => userOf(name, scram)),
    tokens: tokens.map(tokenOf),
    acls: acls.map(aclOf),
    quotas: quotas.map(({ entity, limits }) => quotaOf(entity, limits)),
    quotaTotal: quotaTotal === NOT_TOLD ? null : quotaTotal,
  }
}

export function decisionFields({ assignments, cascades }: Decision): Fields<'CascadeReportsReply'> {
  return { assignments, cascades: cascades.map(brokerFields) }
}

export function decisionFrom({ assignments, cascades }: Fields<'CascadeReportsReply'>): Decision {
  return { assignments, cascades: cascades.map(brokerFrom) }
}

function brokerFields(broker: BrokerDescription): ClusterBrokerFields {
  const { featureLevels = null, rack = '', load = null, topics = [] } = broker
  return { ...broker, featureLevels, rack, load, topics }
}

function brokerFrom({
  featureLevels,
  rack = '',
  load,
  topics = [],
  ...broker
}: ClusterBrokerFields): BrokerDescription {
  return {
    ...broker,
    ...(featureLevels && { featureLevels }),
    ...(rack !== '' && { rack }),
    ...(load && { load }),
    ...(topics.length > 0 && { topics }),
  }
}

function topicFields({ name, id, partitions, replicas, config, deleted = [] }: TopicSummary): TopicSummaryFields {
  return { name, id, partitions, replicas, config: configFields(config), deleted }
}

function configFields(config: TopicConfig): TopicConfigFields {
  const { maxBatchBytes = null, retentionBytes = null, retentionMs = null, readOnly = null } = config
  const { timestampBeforeMaxMs = null, timestampAfterMaxMs = null } = config
  const { segmentBytes = null, segmentMs = null, minInsyncReplicas = null } = config
  const first = { maxBatchBytes, retentionBytes, retentionMs, readOnly, timestampBeforeMaxMs, timestampAfterMaxMs }
  return { ...first, segmentBytes, segmentMs, minInsyncReplicas }
}

function topicFrom({ config, deleted = [], ...topic }: TopicSummaryFields): TopicSummary {
  const given = Object.entries(config).filter(([, value]) => value !== null)
  return { ...topic, config: Object.fromEntries(given) as TopicConfig, ...(deleted.length > 0 && { deleted }) }
}
