import { onUnreadableOf } from '../../readable-records.ts'
import { checkGroupName, type GroupOptions, type GroupTopics, groupSettings, wantedTopics } from '../group-options.ts'

export interface GroupChecks {
  /** What is wrong with a group is told when it is made. @throws TailraceError INVALID_SETTING */
  readonly checkGroup: (name: string, options: GroupOptions) => void
  /** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
  readonly checkTopics: (topics: GroupTopics) => void
}

export const checkGroup: GroupChecks['checkGroup'] = (name, options) => {
  checkGroupName(name)
  groupSettings(options, '')
  onUnreadableOf(options.onUnreadable)
}

export const checkTopics: GroupChecks['checkTopics'] = (topics) => void wantedTopics(topics)
