/** Every story of `spec/scenarios` is played in a house of its own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PERSONALITIES, type PersonalityName } from '../lib/sim/xmpp-server-personalities'
import { startHouse, type HouseOptions } from './support/house'
import { play, readStory } from './support/story'
import { webPushSentences } from './support/story-webpush'
import { startWebPushHouse } from './support/webpush-house'

const folder = join(__dirname, 'scenarios')
/** Every so many stories are played with the other reader of stanzas too. */
const SAMPLE = 12

/** Stories by their first line. Those of browsers are played where there is a Web Push service. */
function storiesOf(family: 'webpush' | 'any other'): readonly (readonly [string, string])[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt') && name.startsWith('webpush-') === (family === 'webpush'))
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      return [/^# (.+)$/m.exec(text)?.[1] ?? name, text] as const
    })
}

/** What a story says of its house: `# the server is tigase`, `# the settings are {…}`. */
function houseOf(text: string): HouseOptions {
  const server = /^# the server is (\S+)$/m.exec(text)?.[1]
  const settings = /^# the settings are (\{.*\})$/m.exec(text)?.[1]
  if (server !== undefined && !Object.hasOwn(PERSONALITIES, server)) throw new Error(`there is no server ${server}`)
  return {
    ...(server === undefined ? {} : { personality: server as PersonalityName }),
    ...(settings === undefined ? {} : { settings: JSON.parse(settings) as Readonly<Record<string, unknown>> }),
  }
}

describe('scenarios', () => {
  it.each(storiesOf('any other'))('%s', async (_title, text) => {
    const house = await startHouse(houseOf(text))
    try {
      await play(house, readStory(text))
    } finally {
      await house.close()
    }
  })

  it.each(storiesOf('any other').filter((_, at) => at % SAMPLE === 0))('%s Read by ltx.', async (_title, text) => {
    const house = await startHouse({ ...houseOf(text), parser: 'ltx' })
    try {
      await play(house, readStory(text))
    } finally {
      await house.close()
    }
  })

  it.each(storiesOf('webpush'))('%s', async (_title, text) => {
    const { house, push, close } = await startWebPushHouse()
    try {
      await play(house, readStory(text), webPushSentences(push, house))
    } finally {
      await close()
    }
  })
})
