using System.Reflection;
using Microsoft.AspNetCore.Components;

namespace Appliance.Ui;

/// <summary>
/// Draws the component behind a delegate again after it ran. <see cref="EventCallback"/> does so by itself but answers nothing,
/// and our acts answer a report; so the component is found the way the compiler stored it.
/// </summary>
internal static class Receiver
{
    public static Task DrawAsync(Delegate handler) =>
        Find(handler.Target, depth: 4) is { } component ? component.HandleEventAsync(new EventCallbackWorkItem((Func<Task>)(() => Task.CompletedTask)), null) : Task.CompletedTask;

    /// <summary>The component itself, or the one that a lambda's closure holds.</summary>
    private static IHandleEvent? Find(object? target, int depth)
    {
        if (target is IHandleEvent component)
            return component;
        if (target is null || depth == 0)
            return null;
        return target.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(f => f.Name.EndsWith("__this", StringComparison.Ordinal) || f.Name.Contains("__locals", StringComparison.Ordinal))
            .Select(f => Find(f.GetValue(target), depth - 1))
            .FirstOrDefault(c => c is not null);
    }
}
