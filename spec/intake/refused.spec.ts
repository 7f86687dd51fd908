import { IOS, type House, startHouse } from '../support/house'
import { registerDevice } from '../support/one-device'

const TOKEN = 'c0ffee'.repeat(10)

describe('a registration that is refused', () => {
  let house: House
  beforeEach(async () => {
    house = await startHouse()
  })
  afterEach(() => house.close())

  const lines = (): readonly Readonly<Record<string, unknown>>[] =>
    house.log.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>).filter(({ at }) => at === 'refused')

  it('leaves one line at info: who, why, and the mend', async () => {
    expect(await registerDevice(house, 'tybalt@example.net', IOS, TOKEN)).toBe('')
    expect(lines()).toMatchObject([
      {
        ...{ level: 30, owner: 'tybalt@example.net', service: 'push.example.com', dialect: 'tigase' },
        msg:
          'refused to register a device of tybalt@example.net: Accounts of example.net are not served here. ' +
          'If they are to be, add example.net to access.register',
      },
    ])
  })

  it('is the client’s to mend where no setting would help', async () => {
    expect(await registerDevice(house, 'romeo@example.com', IOS, 'no token')).toBe('')
    expect(lines()[0]?.['msg']).toMatch(/This is no device token .* That is for its client to mend: docs\/clients\.md$/)
  })

  it('shows no token that stands in the wrong place', async () => {
    expect(await registerDevice(house, 'romeo@example.com', TOKEN, IOS)).toBe('')
    expect(lines()).toHaveLength(1)
    expect(lines()[0]?.['msg']).toContain('There is no app "c0ffeec0ffeec0ff… (60 characters)" here')
    expect(house.log.join('')).not.toContain(TOKEN)
  })

  it('is told ten times in a minute, and then how many more there were', async () => {
    for (let n = 0; n < 25; n++) await registerDevice(house, `tybalt${n}@example.net`, IOS, TOKEN)
    expect(lines()).toHaveLength(10)
    await house.clock.advance(60_000)
    await registerDevice(house, 'tybalt@example.net', IOS, TOKEN)
    expect(lines()).toHaveLength(11)
    expect(lines().at(-1)).toMatchObject({ more: 15, msg: expect.stringMatching(/\(15 others were refused/) as string })
  })

  it('leaves no such line where it is taken', async () => {
    expect(await registerDevice(house, 'romeo@example.com', IOS, TOKEN.padEnd(64, '0'))).not.toBe('')
    expect(lines()).toEqual([])
  })
})
