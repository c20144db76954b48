import type { TopicSetting } from '../cluster/metadata/topic-settings.ts'

/** The option of the command line for a setting of a topic, like --retention-ms. */
export function flagOf({ name }: Pick<TopicSetting, 'name'>): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
