export { knowReadMessages } from '#read-messages'
