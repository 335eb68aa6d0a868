using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Outbox;

/// <summary>Receives a fact from another module, inside a transaction that also records the delivery: effects in the database happen once.</summary>
/// <remarks>
/// Throw to have the delivery retried with growing delay and, after ten tries, parked with the reason; only its own aggregate waits behind it.
/// Effects outside the database are journalled in the transaction and carried out by a worker.
/// </remarks>
public interface IEventHandler<in TEvent>
    where TEvent : EventRecord
{
    /// <summary>Acts on the fact within <paramref name="work"/>; the kernel commits.</summary>
    Task HandleAsync(TEvent fact, Work work, CancellationToken cancel);
}
