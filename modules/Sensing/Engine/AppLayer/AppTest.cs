namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>A question a rule keyword asks of a transaction when bytes or one number cannot express it. Made when the rule is read; holds no state.</summary>
internal abstract class AppTest
{
    /// <summary>True when the transaction, seen in this direction, satisfies the keyword.</summary>
    public abstract bool Fits(Transaction tx, bool toServer);
}

/// <summary>A question to one protocol's transactions; those of any other protocol do not fit.</summary>
internal sealed class AppTest<T>(Func<T, bool, bool> fits) : AppTest where T : Transaction
{
    public override bool Fits(Transaction tx, bool toServer) => tx is T own && fits(own, toServer);
}
