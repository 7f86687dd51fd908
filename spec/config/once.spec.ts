import { once } from '../../lib/config/once'

describe('lib/config/once', () => {
  it('makes nothing before it is asked, and one thing however often it is asked', () => {
    let made = 0
    const thing = once(() => ({ number: ++made }))
    expect(made).toBe(0)
    expect(thing()).toBe(thing())
    expect(made).toBe(1)
  })

  it('takes undefined for made', () => {
    let made = 0
    const thing = once(() => void made++)
    thing()
    thing()
    expect(made).toBe(1)
  })

  it('tries again what threw', () => {
    let tries = 0
    const thing = once(() => {
      if (++tries === 1) throw new Error('not yet')
      return tries
    })
    expect(thing).toThrow('not yet')
    expect(thing()).toBe(2)
  })
})
