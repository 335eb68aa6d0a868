namespace Appliance.Directories.Pages.Constituents;

/// <summary>A network as a card shows it.</summary>
public sealed record NetworkView(Guid Id, string Kind, string Written, string? Domain);

/// <summary>A contact as a card shows it.</summary>
public sealed record ContactView(Guid Id, string Name, string Mail, string Purpose, string Language);
