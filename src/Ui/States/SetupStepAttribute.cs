namespace Appliance.Ui;

/// <summary>
/// A component that is a step of the first-run set-up, found in the page assemblies: a module adds its step without anyone knowing the module.
/// The component takes a parameter <c>EventCallback Finished</c> and raises it when the step is done.
/// </summary>
/// <param name="order">Between the console's own steps: second factor 10, organisation 30, network 40, constituents 50, rules 60, mail 70, self-test 80.</param>
/// <param name="titleKey">Resource key of the title.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SetupStepAttribute(int order, string titleKey) : Attribute
{
    /// <summary>Place in the sequence.</summary>
    public int Order { get; } = order;

    /// <summary>Resource key of the title.</summary>
    public string TitleKey { get; } = titleKey;
}

/// <summary>A component shown on the home page to viewers who hold its permission, found in the page assemblies.</summary>
/// <param name="order">From top to bottom.</param>
/// <param name="permission">Who sees it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class HomePanelAttribute(int order, string permission) : Attribute
{
    /// <summary>From top to bottom.</summary>
    public int Order { get; } = order;

    /// <summary>Who sees it.</summary>
    public string Permission { get; } = permission;
}
