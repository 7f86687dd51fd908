/** The names by which the carrier of Push 2.0 hands over what a message said, as if they were publish-options. */
export const PUSH2 = Object.freeze({
  client: 'push2#client',
  payload: 'push2#payload',
  voip: 'push2#voip',
  jwt: 'push2#jwt',
  key: 'push2#key',
})
