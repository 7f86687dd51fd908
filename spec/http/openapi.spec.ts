import { type HttpInterface } from '../../lib/http/interface'
import { interfaces } from '../../lib/http/interfaces'
import { openApiOf } from '../../lib/http/openapi'
import { openEveryInterface } from '../support/open-interface'

type Operation = {
  readonly summary?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly { readonly name: string }[]
  readonly requestBody?: { readonly content: object }
  readonly responses: Readonly<Record<string, { readonly description: string }>>
  readonly security: readonly object[]
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const pathsOf = (all: readonly HttpInterface[], isAsked = true): Paths => openApiOf(all, '1', isAsked)['paths'] as Paths

describe('lib/http/openapi', () => {
  const opened = openEveryInterface()

  it.each(interfaces.map(({ name }) => name))('tells of every route of %s what it is and what it answers', (name) => {
    const its = opened.filter((each) => each.name === name)
    const operations = Object.values(pathsOf(its)).flatMap((path) => Object.values(path))
    expect(operations.length).toBeGreaterThan(0)
    const untold = operations.filter(({ summary, responses }) => summary === undefined || 'default' in responses)
    expect(untold).toEqual([])
  })

  it('names the parameters of a path, the body, and who may ask', () => {
    const paths = pathsOf(opened)
    const post = paths['/v3/notification/{device}']?.['post']
    expect(post?.parameters).toMatchObject([{ name: 'device', in: 'path', required: true }])
    expect(post?.requestBody?.content).toMatchObject({ 'application/json': { schema: { required: ['service'] } } })
    expect(post?.security).toEqual([{ token: [] }])
    expect(paths['/health']?.['get']?.security).toEqual([])
    expect(pathsOf(opened, false)['/v3/notification/{device}']?.['post']?.security).toEqual([])
  })

  it('is JSON', () => {
    expect(JSON.parse(JSON.stringify(openApiOf(opened, '1')))).toEqual(openApiOf(opened, '1'))
  })
})
