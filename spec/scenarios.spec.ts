/** Every story of `spec/scenarios` is played in a house of its own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startHouse } from './support/house'
import { play, readStory } from './support/story'

const folder = join(__dirname, 'scenarios')

describe('scenarios', () => {
  const stories = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      return [/^# (.+)$/m.exec(text)?.[1] ?? name, text] as const
    })

  it.each(stories)('%s', async (_title, text) => {
    const house = await startHouse()
    try {
      await play(house, readStory(text))
    } finally {
      await house.close()
    }
  })
})
