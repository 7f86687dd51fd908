/** `/metrics`, for Prometheus. What is counted and how it is written, `observe` knows. */
import { httpInterface, type HttpSurroundings, type Served } from './interface'

export const metrics = httpInterface({
  name: 'metrics',
  for: 'callers',
  about: 'Metrics for Prometheus.',
  open: serve,
})

function serve({ metrics: ask }: HttpSurroundings): Served {
  return {
    routes: [
      {
        ...{ method: 'GET', path: '/metrics' },
        tells: {
          summary: 'Metrics in the text format of Prometheus.',
          answers: { 200: { when: 'always' } },
        },
        async answer(context) {
          const { text, type } = await ask()
          return context.body(text, 200, { 'content-type': type })
        },
      },
    ],
  }
}
