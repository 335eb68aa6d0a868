namespace Appliance.Host.Trust;

/// <summary>What was brought from elsewhere is not used; the message says why.</summary>
internal sealed class UntrustedException(string message) : Exception(message);
