"""EC2's launch templates: their own tags are theirs, and not those of the instances that they launch."""

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

OWN = "launch-template"

moto_create_launch_template = EC2Response.create_launch_template


def create_launch_template(self: EC2Response) -> ActionResult:
    """Moto's, which takes the template's tags into its data: there, a plan would change them each time."""
    answer: ActionResult = moto_create_launch_template(self)
    template = self.ec2_backend.get_launch_template_by_name(self._get_param("LaunchTemplateName"))
    data = template.versions[0].data
    specifications = [one for one in data.pop("TagSpecifications", []) if one["ResourceType"] != OWN]
    if specifications:
        data["TagSpecifications"] = specifications
    return answer


OPERATIONS = {function.__name__: function for function in (create_launch_template,)}
