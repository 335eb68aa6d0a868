using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules;

internal enum TestOutcome : byte { No, Later, Yes }

/// <summary>A condition on an exchange that is not about the bytes of one buffer: its files, its versions, its states.</summary>
internal abstract class TransactionTest
{
    /// <summary>Protocols whose exchanges can meet it; empty: any.</summary>
    public virtual AppProto[] Protocols => [];

    /// <summary>Later: what it asks for may still come.</summary>
    public abstract TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete);
}
