export { knowMemberMessages } from '#member-messages'
