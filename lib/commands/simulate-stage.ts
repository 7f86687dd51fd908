/** The way to `lib/sim`, which is loaded only when a simulation is asked for; and the names of what it hands out. */

/** Opens everything that a service needs around it, all files in the folder. Rejects, in words for a person. */
export async function openStage(folder: string, wanted: 'prosody' | 'simulated' | 'either') {
  const sim = await import('../sim/stage.js')
  return Object.freeze({ ...(await sim.openStage(folder, wanted)), xmlLines: sim.xmlLines })
}

/** Opens what stands around a test push service for Mattermost. */
export async function openMattermostStage(options: {
  readonly folder: string
  readonly port: number
  readonly tell: (received: Received, token: string) => void
}) {
  const sim = await import('../sim/stage-mattermost.js')
  return sim.openMattermostStage(options)
}

export type Stage = Awaited<ReturnType<typeof openStage>>
export type Device = Stage['devices'][number]
export type Sighting = Stage['journal']['entries'][number]
export type Stanza = Extract<Sighting, { is: 'stanza' }>['stanza']
export type Received = Extract<Sighting, { is: 'request' }>['request']
