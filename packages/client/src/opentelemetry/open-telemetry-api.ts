/** A span, as far as it is used here. */
export interface TracedSpan {
  setAttribute(name: string, value: string | number): unknown
  recordException(error: Error): void
  setStatus(status: { readonly code: number; readonly message?: string }): unknown
  end(): void
}

/**
 * What is used of the package `@opentelemetry/api`, version 1: pass that module itself. It is not imported here,
 * so that a program without tracing does not have to install it, and one with it has its own version.
 */
export interface OpenTelemetryApi<Context, Span extends TracedSpan> {
  readonly trace: {
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { readonly kind: number; readonly attributes: Record<string, string | number> },
        context: Context,
      ): Span
    }
    setSpan(context: Context, span: Span): Context
  }
  readonly context: {
    active(): Context
    with<T>(context: Context, run: () => T): T
  }
  readonly propagation: {
    inject(context: Context, carrier: Record<string, string>): void
    extract(context: Context, carrier: Record<string, string>): Context
  }
}

/** `SpanKind` and `SpanStatusCode` of the API: numbers that its version 1 fixes. */
export const SPAN_KIND = { producer: 3, consumer: 4 } as const
export const SPAN_STATUS_ERROR = 2
