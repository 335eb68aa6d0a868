using System.Collections.Concurrent;
using System.Reflection;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Outbox;

/// <summary>Calls a handler whose event type is known only at run time, through one compiled delegate per type.</summary>
internal static class EventCall
{
    private static readonly ConcurrentDictionary<Type, Func<object, object, Work, CancellationToken, Task>> s_calls = new();

    private static readonly MethodInfo s_make = typeof(EventCall).GetMethod(nameof(Make), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static Func<object, object, Work, CancellationToken, Task> For(Type eventType) => s_calls.GetOrAdd(eventType, static type =>
        (Func<object, object, Work, CancellationToken, Task>)s_make.MakeGenericMethod(type).Invoke(null, null)!);

    private static Func<object, object, Work, CancellationToken, Task> Make<TEvent>()
        where TEvent : EventRecord =>
        (handler, fact, work, cancel) => ((IEventHandler<TEvent>)handler).HandleAsync((TEvent)fact, work, cancel);
}
