namespace Appliance.Ui;

/// <summary>Says whether sample data is among what this host shows. Answered from memory.</summary>
public interface ISampleMark
{
    /// <summary>True as long as the sample country is there.</summary>
    ValueTask<bool> IsPresentAsync(CancellationToken cancel);
}
