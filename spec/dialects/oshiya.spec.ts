import { oshiya } from '../../lib/dialects/oshiya'
import { dialectContract } from '../contracts/dialect'

describe('lib/dialects/oshiya', () => {
  dialectContract({ dialect: oshiya, registering: [] })

  describe('reading', () => {
    const [unregister] = oshiya.commands
    const read = (values: Readonly<Record<string, readonly string[]>>, resource?: string) =>
      unregister?.read(
        new Map(Object.entries(values)),
        { bare: 'romeo@example.com', ...(resource === undefined ? {} : { resource }) },
        [],
      )

    it('takes nodes before a device, each once', () => {
      expect(read({ nodes: ['a', ' b ', 'a', ' '], 'device-id': ['d'] }, 'r')).toEqual({
        wants: 'unregister',
        nodes: ['a', 'b'],
      })
    })

    it('takes the resource for the device where nothing is named, and says so where there is none', () => {
      expect(read({}, 'r')).toEqual({ wants: 'unregister', dialect: 'conversations', device: 'resource r' })
      expect(read({ 'device-id': ['d'] }, 'r')).toMatchObject({ device: 'd' })
      expect(read({})).toMatchObject({ wants: 'nothing' })
    })

    it('bounds the number of nodes', () => {
      const nodes = Array.from({ length: 100 }, (_each, at) => `n${at}`)
      expect(read({ nodes })).toMatchObject({ nodes: nodes.slice(0, 64) })
    })
  })
})
